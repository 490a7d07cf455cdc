import type { SpinApp, SpinAppExecutor } from "@rcm/crds";
import type { Json } from "@rcm/lib/kube";

/** A SpinApp of either group as its JSON is. */
export type SpinAppObject = Omit<Json<SpinApp>, "apiVersion" | "kind"> & {
  readonly apiVersion?: string;
  readonly kind?: string;
};

export type SpinAppStatusJson = NonNullable<SpinAppObject["status"]>;

/** A SpinAppExecutor of either group as its JSON is. */
export type ExecutorObject = Omit<Json<SpinAppExecutor>, "apiVersion" | "kind"> & {
  readonly apiVersion?: string;
  readonly kind?: string;
};

/** What we keep of either: of the metadata only what decisions rest on. */
export function spinView<T extends SpinAppObject | ExecutorObject>(object: T): T {
  const { name, namespace, uid, generation, deletionTimestamp, finalizers } = object.metadata;
  const optional = { deletionTimestamp, finalizers };
  const kept = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { ...object, metadata: { name, namespace, uid, generation, ...kept } };
}

export function isDeleting({ metadata }: Pick<SpinAppObject, "metadata">): boolean {
  return metadata.deletionTimestamp !== undefined;
}
