import { Buffer } from "node:buffer";
import { nodeCrypto } from "@rcm/lib/late-modules";
import {
  GetContainerRequest,
  GetContainerResponse,
  GetImageRequest,
  GetImageResponse,
  ReadContentRequest,
  ReadContentResponse,
} from "../proto/containerd.ts";
import { ContentError, fromDisk } from "./errors.ts";
import { GrpcClient } from "./grpc-client.ts";
import { layerFile, type Descriptor } from "./layer-cache.ts";
import { parseManifest, type ManifestContent } from "./parse-manifest.ts";
import { spinAppFolder, type SpinCaches } from "./spin-app-cache.ts";
import { contentFile } from "./write-spin-app.ts";

const SERVICES = "containerd.services";
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const CALLS_MS = 60_000;

export interface WasmQuery {
  /** Of containerd's socket. */
  readonly address: string;
  readonly namespace: string;
  readonly container: string;
  readonly caches: SpinCaches;
}

/** A component's file, which only root writes to, and what its bytes were compared with. */
export interface ComponentFile {
  readonly digest: string;
  readonly file: string;
}

/** What an image without files consists of, on the node. */
export type WasmOfImage =
  | ({ readonly kind: "component" } & ComponentFile)
  /** The folder is laid out as `spinAppFolder` says; its components, the largest first. */
  | { readonly kind: "spin-app"; readonly folder: string; readonly components: readonly ComponentFile[] };

/**
 * The component or Spin application that the image of a container consists of; `undefined` for an ordinary image.
 *
 * @throws {ContentError}
 */
export async function wasmOfImage(query: WasmQuery): Promise<WasmOfImage | undefined> {
  using client = new GrpcClient(query.address, query.namespace, AbortSignal.timeout(CALLS_MS));
  const { digest, content } = await contentOf(client, await imageTarget(client, query.container));
  const { layers, apps } = query.caches;
  function read(layer: Descriptor): AsyncIterable<Uint8Array> {
    return readBlob(client, layer.digest);
  }
  try {
    if (content.kind === "component") {
      const { layer } = content;
      return { kind: "component", digest: layer.digest, file: await layerFile(layers, layer, () => read(layer)) };
    }
    if (content.kind !== "spin-app") return undefined;
    const folder = await spinAppFolder(query.caches, { digest, artifact: content }, read);
    const components = content.components.toSorted((one, other) => other.size - one.size);
    return {
      kind: "spin-app",
      folder,
      components: components.map((layer) => ({ digest: layer.digest, file: contentFile(folder, layer) })),
    };
  } catch (error) {
    throw fromDisk(content.kind === "component" ? layers.folder : apps.folder, error);
  }
}

interface Found {
  /** Of the manifest. */
  readonly digest: string;
  readonly content: ManifestContent;
}

async function contentOf(client: GrpcClient, target: Descriptor): Promise<Found> {
  const content = parseManifest(await readManifest(client, target));
  if (content.kind !== "index") return { digest: target.digest, content };
  const { manifest } = content;
  return { digest: manifest.digest, content: parseManifest(await readManifest(client, manifest)) };
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
  if (`sha256:${nodeCrypto().createHash("sha256").update(bytes).digest("hex")}` === digest) return bytes.toString();
  throw new ContentError("CORRUPT", `Cannot read the image's manifest: it is not what digest "${digest}" says`);
}

async function* readBlob(client: GrpcClient, digest: string): AsyncGenerator<Uint8Array, void> {
  const asked = ReadContentRequest.encode({ digest });
  for await (const answer of client.stream(`${SERVICES}.content.v1.Content/Read`, asked)) {
    yield ReadContentResponse.decode(answer).data;
  }
}
