import { MANAGED_BY, MANAGED_BY_LABEL, nodeKey } from "@rcm/crds";
import type { Shim } from "@rcm/crds";

export interface RuntimeClassJson {
  readonly apiVersion: "node.k8s.io/v1";
  readonly kind: "RuntimeClass";
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly kind: string; readonly name: string }[];
  };
  readonly handler: string;
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: Shim["spec"]["tolerations"];
  };
}

export type RuntimeClassPlan =
  | { readonly kind: "none" }
  | { readonly kind: "apply"; readonly object: RuntimeClassJson }
  | { readonly kind: "conflict"; readonly message: string };

/** The RuntimeClass schedules on nodes that have the shim, not on those that should have it. */
export function runtimeClassFor(shim: Shim): RuntimeClassJson {
  const { name, uid = "" } = shim.metadata;
  const tolerations = shim.spec.tolerations ?? [];
  return {
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: {
      name: shim.spec.runtimeClass.name,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [ownerReference(name ?? "", uid)],
    },
    handler: shim.spec.runtimeClass.handler,
    scheduling: {
      nodeSelector: { [nodeKey(name ?? "")]: "provisioned" },
      ...(tolerations.length === 0 ? {} : { tolerations }),
    },
  };
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ */
export function ownerReference(name: string, uid: string): OwnerReference {
  return {
    apiVersion: "runtime.spinkube.dev/v1alpha1",
    kind: "Shim",
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
  readonly blockOwnerDeletion: true;
}

export function planRuntimeClass(shim: Shim, present: RuntimeClassJson | undefined): RuntimeClassPlan {
  const wanted = runtimeClassFor(shim);
  if (present === undefined) return { kind: "apply", object: wanted };
  if (!isOwnedBy(present, shim)) {
    return {
      kind: "conflict",
      message: `RuntimeClass "${wanted.metadata.name}" was not made for this Shim and is left alone: delete it, or use another runtimeClass.name`,
    };
  }
  return isSame(present, wanted) ? { kind: "none" } : { kind: "apply", object: wanted };
}

export function isOwnedBy(present: RuntimeClassJson, shim: Shim): boolean {
  return (present.metadata.ownerReferences ?? []).some(({ uid }) => uid === shim.metadata.uid);
}

function isSame(present: RuntimeClassJson, wanted: RuntimeClassJson): boolean {
  const essence = ({ handler, scheduling }: RuntimeClassJson): string =>
    JSON.stringify([handler, scheduling?.nodeSelector ?? {}, scheduling?.tolerations ?? []]);
  return essence(present) === essence(wanted);
}
