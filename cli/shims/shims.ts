import { SHIM_GROUP, SHIM_VERSION, type ShimSpec, type ShimStatus } from "@rcm/crds";
import type { Json, Kube, KubeObject, Patch, Resource } from "@rcm/lib/kube";
import { found } from "../cluster/found.ts";
import { CliError } from "../errors.ts";
import type { FlagValues } from "../flags/flag-values.ts";

/** A Shim as the API has it. */
export interface ShimObject extends KubeObject {
  readonly metadata?: NonNullable<KubeObject["metadata"]> & { readonly deletionTimestamp?: string };
  readonly spec: Json<ShimSpec>;
  readonly status?: Json<ShimStatus>;
}

/** What the manager says of one node. */
export type NodeState = NonNullable<NonNullable<ShimObject["status"]>["nodeStates"]>[number];

const SHIMS: Resource<ShimObject> = {
  group: SHIM_GROUP,
  version: SHIM_VERSION,
  plural: "shims",
  kind: "Shim",
  namespaced: false,
};

/** What the API server notes as the writer. */
export const CLIENT = "kubectl-shim";

const WHAT = "shim";

/** Of commands that are about one Shim. */
export const SHIM_ARGUMENT = { label: "<name>" } as const;

/** @throws {CliError} `USAGE` */
export function shimName({ positionals: [name] }: FlagValues): string {
  if (name !== undefined && name !== "") return name;
  throw new CliError("USAGE", "no shim specified: kubectl get shims lists them");
}

/** @throws {CliError} `NOT_FOUND` when there is none. */
export async function getShim(kube: Kube, name: string, signal: AbortSignal): Promise<ShimObject> {
  return found(kube.get(SHIMS, { name }, signal), SHIMS, { what: WHAT, name });
}

/** All, by name. */
export async function listShims(kube: Kube, signal: AbortSignal): Promise<readonly ShimObject[]> {
  const listing = kube.list(SHIMS, { project: (shim) => shim }, signal);
  return (await found(listing, SHIMS, { what: WHAT })).items;
}

/** @throws {CliError} `NOT_FOUND` when there is none. */
export async function mergeIntoShim(
  kube: Kube,
  name: string,
  body: Extract<Patch, { kind: "merge" }>["body"],
  signal: AbortSignal,
): Promise<void> {
  await found(kube.patch(SHIMS, { name }, { kind: "merge", body }, signal), SHIMS, { what: WHAT, name });
}
