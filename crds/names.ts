/** API groups, labels, annotations and finalizers: the names that users and other programs see. */

export const SHIM_GROUP = "runtime.spinkube.dev";
export const SHIM_VERSION = "v1alpha1";

/** Held on a Shim until every node that has it is clean or gone. Same name as upstream's. */
export const SHIM_FINALIZER = "runtime.spinkube.dev/shim-finalizer";

/** Prefix of our node labels and annotations: `shim.runtime.spinkube.dev/<shim name>`. */
export const NODE_KEY_PREFIX = "shim.runtime.spinkube.dev/";

/** Values of the node label. The RuntimeClass schedules on `provisioned` only. */
export type NodeLabelValue = "provisioned" | "pending" | "failed" | "uninstalling";

/** Labels on the Jobs that the manager makes. */
export const JOB_SHIM_LABEL = "runtime.spinkube.dev/shim";
export const JOB_OPERATION_LABEL = "runtime.spinkube.dev/operation";
export const JOB_NODE_UID_LABEL = "runtime.spinkube.dev/node-uid";
export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
export const MANAGED_BY = "runtime-class-manager";

/** On a Shim or a Node: try failed nodes again now. Any new value counts as a new request. */
export const RETRY_ANNOTATION = "runtime.spinkube.dev/retry";

/** The group of SpinApps and SpinAppExecutors. */
export const SPIN_GROUP = "core.spinkube.dev";
/** The group that they had before; both are served. */
export const SPIN_OLDER_GROUP = "core.spinoperator.dev";
export const SPIN_VERSION = "v1alpha1";

/** Key of our label and annotation on a node for a shim. Names of more than 63 characters are refused by the CRD. */
export function nodeKey(shim: string): string {
  return NODE_KEY_PREFIX + shim;
}
