import { unlessNotFound, type Kube } from "@rcm/lib/kube";
import type { Manifest } from "../app/manifest.ts";
import { found } from "./found.ts";
import { fullNameOf, resourceOf } from "./kinds.ts";

export interface Applied {
  readonly uid: string | undefined;
  /** What kubectl would say: `spinapp.core.spinkube.dev/hello created`, or `configured`, or `unchanged`. */
  readonly text: string;
}

/** Applies one object on the server, also where others own its fields. */
export async function applyManifest(
  kube: Kube,
  manifest: Manifest,
  namespace: string,
  signal: AbortSignal,
): Promise<Applied> {
  const resource = resourceOf(manifest);
  const ref = { name: manifest.metadata.name, namespace };
  const before = await unlessNotFound(kube.get(resource, ref, signal));
  const object = { ...manifest, metadata: { ...manifest.metadata, namespace } };
  const after = await found(kube.apply(resource, object, { force: true }, signal), resource, { what: resource.kind });
  const change = changeOf(before?.metadata?.resourceVersion, after.metadata?.resourceVersion);
  return { uid: after.metadata?.uid, text: `${fullNameOf(resource, ref.name)} ${change}` };
}

/** The server gives a new version only to what has changed. */
function changeOf(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return "created";
  return before === after ? "unchanged" : "configured";
}
