import { SPIN_GROUPS, appNameLabel, spinKey } from "./app-id.ts";
import { CA_DIGEST_ANNOTATION, CA_MANAGER, MANAGED_BY_ANNOTATION } from "./ca-names.ts";
import type { ChildJson } from "./child-view.ts";

/** What we keep of a Secret or a ConfigMap, from its metadata alone. */
export interface DataView {
  readonly name: string;
  /** Changes when its data does. */
  readonly version: string;
  /** Key of the SpinApp whose label it has, and who controls it. */
  readonly ours: { readonly app: string; readonly owner: string; readonly uid: string } | undefined;
  /** Digest of the certificates in it, when we made it. */
  readonly certificates: string | undefined;
}

export function dataView({ metadata }: ChildJson): DataView {
  const { name = "", resourceVersion: version = "" } = metadata;
  return { name, version, ours: ownershipOf(metadata), certificates: certificatesIn(metadata.annotations ?? {}) };
}

function ownershipOf({
  namespace = "",
  uid = "",
  labels = {},
  ownerReferences,
}: ChildJson["metadata"]): DataView["ours"] {
  // Upstream's are owned, but not controlled.
  const owner = ownerReferences?.find(({ kind }) => kind === "SpinApp")?.uid;
  const group = SPIN_GROUPS.find((one) => labels[appNameLabel(one)] !== undefined);
  if (owner === undefined || group === undefined) return undefined;
  return { app: spinKey({ group, namespace, name: labels[appNameLabel(group)] ?? "" }), owner, uid };
}

function certificatesIn(annotations: Readonly<Record<string, string>>): string | undefined {
  return annotations[MANAGED_BY_ANNOTATION] === CA_MANAGER ? (annotations[CA_DIGEST_ANNOTATION] ?? "") : undefined;
}
