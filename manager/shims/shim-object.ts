import type { Shim } from "@rcm/crds";
import type { Json } from "@rcm/lib/kube";

/** A Shim as its JSON is. */
export type ShimObject = Json<Shim>;

/** What we keep of a Shim: all but the bookkeeping of who wrote which field. */
export function shimView(shim: ShimObject): ShimObject {
  const { managedFields: _, ...metadata } = shim.metadata;
  return { ...shim, metadata };
}

export function nameOf({ metadata }: ShimObject): string {
  return metadata.name ?? "";
}

export function isDeleting({ metadata }: ShimObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}
