import { MANAGED_BY, MANAGED_BY_LABEL, nodeKey, SHIM_GROUP, SHIM_VERSION } from "@rcm/crds";
import { isSame } from "./same.ts";
import { nameOf, type ShimObject } from "./shim-object.ts";

export interface RuntimeClassJson {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly (Pick<OwnerReference, "uid" | "kind" | "name"> & Partial<OwnerReference>)[];
  };
  readonly handler: string;
  readonly overhead?: object;
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: ShimObject["spec"]["tolerations"];
  };
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

export type RuntimeClassPlan =
  | { readonly kind: "none" }
  | { readonly kind: "create" | "update"; readonly object: RuntimeClassJson }
  | { readonly kind: "delete"; readonly name: string; readonly uid: string }
  | { readonly kind: "conflict"; readonly message: string };

/**
 * The Shim as owner. It does not block the Shim's deletion: otherwise `kubectl delete --cascade=foreground` would
 * remove the Jobs that clean up.
 */
export function ownerReference({ metadata }: ShimObject): OwnerReference {
  const { name = "", uid = "" } = metadata;
  return { apiVersion: `${SHIM_GROUP}/${SHIM_VERSION}`, kind: "Shim", name, uid, controller: true };
}

/** Keeps all metadata that an update would otherwise remove, and the resource version, which an update needs. */
export function runtimeClassView({ metadata, handler, overhead, scheduling }: RuntimeClassJson): RuntimeClassJson {
  const { name, uid, resourceVersion, labels, annotations, ownerReferences, finalizers } = metadata;
  const kept = { uid, resourceVersion, labels, annotations, ownerReferences, finalizers };
  return {
    metadata: { name, ...withoutUndefined(kept) },
    handler,
    ...withoutUndefined({ overhead, scheduling }),
  };
}

/** The RuntimeClass schedules on nodes that have the shim, not on those that should have it. */
export function runtimeClassFor(shim: ShimObject): RuntimeClassJson {
  const { name, handler } = shim.spec.runtimeClass;
  const tolerations = shim.spec.tolerations ?? [];
  const nodeSelector = { [nodeKey(nameOf(shim))]: "provisioned" };
  return {
    metadata: { name, labels: { [MANAGED_BY_LABEL]: MANAGED_BY }, ownerReferences: [ownerReference(shim)] },
    handler,
    scheduling: tolerations.length === 0 ? { nodeSelector } : { nodeSelector, tolerations },
  };
}

export function planRuntimeClass(shim: ShimObject, present: RuntimeClassJson | undefined): RuntimeClassPlan {
  const wanted = runtimeClassFor(shim);
  if (present === undefined) return { kind: "create", object: wanted };
  if (!isOwnedBy(present, shim)) return { kind: "conflict", message: foreign(wanted.metadata.name) };
  if (present.handler === wanted.handler && isSame(present.scheduling, wanted.scheduling)) return { kind: "none" };
  if (present.handler !== wanted.handler) return deletion(present); // It cannot be changed; made anew at once.
  return { kind: "update", object: { ...present, scheduling: wanted.scheduling ?? {} } };
}

/** Once no node has the shim any more. */
export function planRuntimeClassRemoval(shim: ShimObject, present: RuntimeClassJson | undefined): RuntimeClassPlan {
  return present === undefined || !isOwnedBy(present, shim) ? { kind: "none" } : deletion(present);
}

function deletion({ metadata }: RuntimeClassJson): RuntimeClassPlan {
  return { kind: "delete", name: metadata.name, uid: metadata.uid ?? "" };
}

function isOwnedBy(present: RuntimeClassJson, { metadata }: ShimObject): boolean {
  return (present.metadata.ownerReferences ?? []).some(({ uid }) => uid === metadata.uid);
}

function foreign(name: string): string {
  return `RuntimeClass "${name}" was not made for this Shim and is left alone: delete it, or use another runtimeClass.name`;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(fields: T): Defined<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- exactly the fields that are there
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
