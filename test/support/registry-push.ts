import { REGISTRY } from "../cluster/index.ts";
import { digestOf } from "./oci-image.ts";
import type { OciImage, Part } from "./oci-image.ts";

const DEADLINE_MS = 30_000;
const TAG_END = "sha256:".length + 12;

/** Where an image goes. */
interface PushPlace {
  /** Host and port, plain HTTP. */
  readonly registry: string;
  readonly repository: string;
  /** As `name:password`. */
  readonly login?: string;
}

/**
 * Pushes an image as registries take it; returns the name to pull. Its tag comes from its content, so that no node takes
 * an older one for it.
 *
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push}
 */
export async function pushToRegistry(image: OciImage, place: PushPlace): Promise<string> {
  const { registry, repository } = place;
  const tag = digestOf(image.manifest.bytes).slice("sha256:".length, TAG_END);
  for (const part of [image.config, ...image.layers]) await pushBlob(part, place);
  const { mediaType, bytes } = image.manifest;
  await call(place, new URL(`http://${registry}/v2/${repository}/manifests/${tag}`), {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: Buffer.from(bytes),
  });
  return `${registry}/${repository}:${tag}`;
}

/** Pushes an image to the registry that the cluster's nodes know; returns the name to pull. */
export async function pushToCluster(image: OciImage, repository: string): Promise<string> {
  return pushToRegistry(image, { registry: REGISTRY, repository });
}

async function pushBlob({ bytes }: Part, place: PushPlace): Promise<void> {
  const start = new URL(`http://${place.registry}/v2/${place.repository}/blobs/uploads/`);
  const { headers } = await call(place, start, { method: "POST" });
  const target = new URL(headers.get("location") ?? "", start);
  target.searchParams.set("digest", digestOf(bytes));
  const type = { "content-type": "application/octet-stream" };
  await call(place, target, { method: "PUT", headers: type, body: Buffer.from(bytes) });
}

async function call({ login }: PushPlace, url: URL, request: RequestInit): Promise<Response> {
  const headers = new Headers(request.headers);
  if (login !== undefined) headers.set("authorization", `Basic ${Buffer.from(login).toString("base64")}`);
  const response = await fetch(url, { ...request, headers, signal: AbortSignal.timeout(DEADLINE_MS) });
  if (response.ok) return response;
  throw new Error(`Cannot ${request.method ?? "GET"} "${url.href}": ${response.status} ${await response.text()}`);
}
