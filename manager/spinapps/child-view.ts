import type { KubeObject } from "@rcm/lib/kube";
import { fingerprint } from "./fingerprint.ts";

interface OwnerReference {
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

/** An object that may belong to a SpinApp, as the API server sends it. */
export interface ChildJson extends KubeObject {
  readonly metadata: NonNullable<KubeObject["metadata"]> & {
    readonly ownerReferences?: readonly OwnerReference[];
    readonly managedFields?: readonly ManagedFields[];
  };
}

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** What we keep of any of them. */
export interface ChildView {
  readonly uid: string;
  /** UID of the object that controls it. */
  readonly owner: string | undefined;
  /** Differs when somebody changed what we may have set. */
  readonly print: string;
}

/** The Deployment controller writes it. */
const REVISION = "deployment.kubernetes.io/revision";

export function childView(object: ChildJson & { readonly spec?: unknown }): ChildView {
  const { uid = "", labels, annotations = {}, ownerReferences = [] } = object.metadata;
  const { [REVISION]: _, ...others } = annotations;
  const owner = ownerReferences.find(({ controller }) => controller === true)?.uid;
  return { uid, owner, print: fingerprint([object.spec, labels, others, ownerReferences]) };
}

/** Whether `manager` owns `spec.replicas` by its apply. */
export function ownsReplicas({ metadata }: ChildJson, manager: string): boolean {
  return (metadata.managedFields ?? []).some((entry) => {
    if (entry.manager !== manager || entry.operation !== "Apply" || (entry.subresource ?? "") !== "") return false;
    const spec = entry.fieldsV1?.["f:spec"];
    return typeof spec === "object" && spec !== null && "f:replicas" in spec;
  });
}
