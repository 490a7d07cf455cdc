import { JOB_NODE_UID_LABEL, JOB_OPERATION_LABEL, JOB_SHIM_LABEL } from "@rcm/crds";
import type { InstallReport, Operation } from "@rcm/lib/install-job";

export const HASH_ANNOTATION = "runtime.spinkube.dev/hash";
export const ATTEMPT_ANNOTATION = "runtime.spinkube.dev/attempt";
export const NODE_ANNOTATION = "runtime.spinkube.dev/node";
export const RETRY_VALUE_ANNOTATION = "runtime.spinkube.dev/retry-value";

/** The part of a Job that decisions rest on. */
export interface JobView {
  readonly name: string;
  readonly uid: string;
  /** UID of the Shim that controls it; a Job without one is not ours, whatever its labels say. */
  readonly ownerUid: string | undefined;
  readonly shim: string;
  readonly nodeUid: string;
  readonly nodeName: string;
  readonly operation: Operation;
  readonly hash: string;
  readonly attempt: number;
  readonly retry: string;
  readonly createdAt: string;
  readonly phase: "active" | "succeeded" | "failed";
  /** The Job controller's word on why it failed, such as `DeadlineExceeded`. */
  readonly failure: string | undefined;
  readonly deleting: boolean;
}

export interface JobJson {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly kind: string; readonly controller?: boolean }[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

/** A Job together with what its pod left. */
export interface NodeJob extends JobView {
  readonly pod: PodView | undefined;
}

export interface PodView {
  readonly name: string;
  readonly jobName: string;
  readonly phase: string;
  readonly createdAt: string;
  /** Report of the container that failed, or else of the last one. */
  readonly report: InstallReport | undefined;
  /** Why a container cannot start, such as `ImagePullBackOff` or `Unschedulable`. */
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  /** A container's own word on how it ended, where there is no report. */
  readonly ended: string | undefined;
}

export function jobView({ metadata, status }: JobJson): JobView {
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const conditions = (status?.conditions ?? []).filter(({ status: value }) => value === "True");
  const failed = conditions.find(({ type }) => type === "Failed" || type === "FailureTarget");
  const succeeded = conditions.some(({ type }) => type === "Complete" || type === "SuccessCriteriaMet");
  return {
    name: metadata.name,
    uid: metadata.uid,
    ownerUid: metadata.ownerReferences?.find(({ kind, controller }) => kind === "Shim" && controller === true)?.uid,
    shim: labels[JOB_SHIM_LABEL] ?? "",
    nodeUid: labels[JOB_NODE_UID_LABEL] ?? "",
    nodeName: annotations[NODE_ANNOTATION] ?? "",
    operation: labels[JOB_OPERATION_LABEL] === "uninstall" ? "uninstall" : "install",
    hash: annotations[HASH_ANNOTATION] ?? "",
    attempt: Number(annotations[ATTEMPT_ANNOTATION] ?? "1"),
    retry: annotations[RETRY_VALUE_ANNOTATION] ?? "",
    createdAt: metadata.creationTimestamp ?? "",
    phase: succeeded ? "succeeded" : failed === undefined ? "active" : "failed",
    failure: failed?.reason,
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
