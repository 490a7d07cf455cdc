import type { Kube, Patch } from "@rcm/lib/kube";
import type { ShimCache } from "./cache.ts";
import { SHIMS } from "./resources.ts";
import { nameOf, shimView, type ShimObject } from "./shim-object.ts";

interface Writer {
  readonly kube: Pick<Kube, "patch">;
  readonly cache: {
    readonly shims: Pick<ShimCache["shims"], "store">;
    readonly writtenShims: ShimCache["writtenShims"];
  };
}

/** What the cache holds is read first: somebody's change that it shows before the answer comes is newer than the answer. */
export async function patchShim(
  { kube, cache }: Writer,
  shim: ShimObject,
  patch: Patch,
  signal: AbortSignal,
): Promise<void> {
  const name = nameOf(shim);
  const cached = cache.shims.store.get(name);
  const after = await kube.patch(SHIMS, { name }, patch, signal);
  if (cached !== undefined) cache.writtenShims.set(cached, shimView(after));
}
