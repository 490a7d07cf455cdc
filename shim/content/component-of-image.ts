import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  GetContainerRequest,
  GetContainerResponse,
  GetImageRequest,
  GetImageResponse,
  ReadContentRequest,
  ReadContentResponse,
} from "../proto/containerd.ts";
import { ContentError } from "./errors.ts";
import { GrpcClient } from "./grpc-client.ts";
import { layerFile, type Descriptor, type LayerCache } from "./layer-cache.ts";
import { parseManifest } from "./parse-manifest.ts";

const SERVICES = "containerd.services";
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const CALLS_MS = 60_000;

export interface ComponentQuery {
  /** Of containerd's socket. */
  readonly address: string;
  readonly namespace: string;
  readonly container: string;
  readonly cache: LayerCache;
}

/**
 * The component that the image of a container consists of, as a file on the node; `undefined` for an ordinary image.
 *
 * @throws {ContentError}
 */
export async function componentOfImage(query: ComponentQuery): Promise<string | undefined> {
  using client = new GrpcClient(query.address, query.namespace, AbortSignal.timeout(CALLS_MS));
  const target = await imageTarget(client, query.container);
  let content = parseManifest(await readManifest(client, target));
  if (content.kind === "index") content = parseManifest(await readManifest(client, content.manifest));
  if (content.kind !== "component") return undefined;
  const { layer } = content;
  return await layerFile(query.cache, layer, () => readBlob(client, layer.digest));
}

async function imageTarget(client: GrpcClient, id: string): Promise<Descriptor> {
  const asked = GetContainerRequest.encode({ id });
  const { container } = GetContainerResponse.decode(
    await client.call(`${SERVICES}.containers.v1.Containers/Get`, asked),
  );
  const name = container?.image ?? "";
  const { image } = GetImageResponse.decode(
    await client.call(`${SERVICES}.images.v1.Images/Get`, GetImageRequest.encode({ name })),
  );
  const target = image?.target;
  if (target === undefined) {
    throw new ContentError("CORRUPT", `Cannot use image "${name}": containerd has no content of it`);
  }
  return { ...target, size: Number(target.size) };
}

async function readManifest(client: GrpcClient, { digest, size }: Descriptor): Promise<string> {
  if (size > MAX_MANIFEST_BYTES) {
    throw new ContentError("CORRUPT", `Cannot read the image's manifest: it has ${String(size)} bytes`);
  }
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of readBlob(client, digest)) {
    chunks.push(chunk);
    read += chunk.length;
    if (read > size) break;
  }
  const bytes = Buffer.concat(chunks);
  if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` === digest) return bytes.toString();
  throw new ContentError("CORRUPT", `Cannot read the image's manifest: it is not what digest "${digest}" says`);
}

async function* readBlob(client: GrpcClient, digest: string): AsyncGenerator<Uint8Array, void> {
  const asked = ReadContentRequest.encode({ digest });
  for await (const answer of client.stream(`${SERVICES}.content.v1.Content/Read`, asked)) {
    yield ReadContentResponse.decode(answer).data;
  }
}
