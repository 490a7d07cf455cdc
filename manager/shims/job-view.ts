import { JOB_NODE_UID_LABEL, JOB_OPERATION_LABEL, JOB_SHIM_LABEL } from "@rcm/crds";
import type { InstallReport, Operation } from "@rcm/lib/install-job";

export const HASH_ANNOTATION = "runtime.spinkube.dev/hash";
export const ATTEMPT_ANNOTATION = "runtime.spinkube.dev/attempt";
export const NODE_ANNOTATION = "runtime.spinkube.dev/node";
export const RETRY_VALUE_ANNOTATION = "runtime.spinkube.dev/retry-value";
/** Why the Job was made, such as `NodeRebooted`. */
export const WHY_ANNOTATION = "runtime.spinkube.dev/why";
/** "true" when no container of the Shim's Jobs had ever started on the machine before. */
export const UNTOUCHED_ANNOTATION = "runtime.spinkube.dev/untouched";
/** What the machine was when the Job was made: its result is true of that only. */
export const MACHINE_ANNOTATION = "runtime.spinkube.dev/machine-id";
export const BOOT_ANNOTATION = "runtime.spinkube.dev/boot-id";
export const RUNTIME_ANNOTATION = "runtime.spinkube.dev/container-runtime";

/** The part of a Job that decisions rest on. */
export interface JobView {
  readonly name: string;
  /** Empty before the server has it. */
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
  readonly why: string;
  /** Nothing of the Shim had run on the machine when the Job was made. */
  readonly untouched: boolean;
  readonly machineId: string;
  readonly bootId: string;
  readonly runtimeVersion: string;
  /** RFC 3339, to the second. */
  readonly createdAt: string;
  readonly phase: "active" | "succeeded" | "failed";
  /** When `phase` became what it is; undefined while active. */
  readonly endedAt: string | undefined;
  /** The Job controller's word on why it fails, such as `DeadlineExceeded`. */
  readonly failure: string | undefined;
}

export interface JobJson {
  readonly metadata: {
    readonly name: string;
    /** Absent before the server has it. */
    readonly uid?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly uid: string;
      readonly kind: string;
      readonly controller?: boolean;
    }[];
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

/** What keeps a Job from starting, in the words of whoever knows. */
export interface Obstacle {
  readonly reason: string;
  readonly message: string;
}

/** A Job together with what its pod left. */
export interface NodeJob extends JobView {
  readonly pod: PodView | undefined;
  /** What Events say of a pod that has not started and does not say why; see `stuck-pods.ts`. */
  readonly hint?: Obstacle | undefined;
}

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly jobName: string;
  readonly phase: string;
  readonly createdAt: string;
  /** Some container has run, or runs. */
  readonly started: boolean;
  /** When the last container ended. */
  readonly endedAt: string | undefined;
  /** Report of the container that failed, or else of the last one. */
  readonly report: InstallReport | undefined;
  /** Why a container cannot start, such as `ImagePullBackOff` or `Unschedulable`. */
  readonly waiting: Obstacle | undefined;
  /** A container's own word on how it ended, where there is no report. */
  readonly ended: string | undefined;
}

export function jobView(job: JobJson): JobView {
  const { name, uid = "", creationTimestamp: createdAt = "", ownerReferences = [] } = job.metadata;
  const ownerUid = ownerReferences.find(({ kind, controller }) => kind === "Shim" && controller === true)?.uid;
  return { name, uid, ownerUid, createdAt, ...labelled(job.metadata), ...noted(job.metadata), ...endOf(job.status) };
}

function labelled({ labels = {} }: JobJson["metadata"]): Pick<JobView, "shim" | "nodeUid" | "operation"> {
  return {
    shim: labels[JOB_SHIM_LABEL] ?? "",
    nodeUid: labels[JOB_NODE_UID_LABEL] ?? "",
    operation: labels[JOB_OPERATION_LABEL] === "uninstall" ? "uninstall" : "install",
  };
}

type Noted =
  | "nodeName"
  | "hash"
  | "attempt"
  | "retry"
  | "why"
  | "untouched"
  | "machineId"
  | "bootId"
  | "runtimeVersion";

function noted({ annotations = {} }: JobJson["metadata"]): Pick<JobView, Noted> {
  function text(key: string): string {
    return annotations[key] ?? "";
  }
  return {
    nodeName: text(NODE_ANNOTATION),
    hash: text(HASH_ANNOTATION),
    attempt: Math.max(1, Number.parseInt(text(ATTEMPT_ANNOTATION), 10) || 1),
    retry: text(RETRY_VALUE_ANNOTATION),
    why: text(WHY_ANNOTATION),
    untouched: text(UNTOUCHED_ANNOTATION) === "true",
    machineId: text(MACHINE_ANNOTATION),
    bootId: text(BOOT_ANNOTATION),
    runtimeVersion: text(RUNTIME_ANNOTATION),
  };
}

/** Only `Complete` and `Failed` are the end: with `FailureTarget` the pod may still be at work. */
function endOf({ conditions = [] }: NonNullable<JobJson["status"]> = {}): Pick<
  JobView,
  "phase" | "endedAt" | "failure"
> {
  const current = conditions.filter(({ status }) => status === "True");
  const failing = current.find(({ type }) => type === "Failed" || type === "FailureTarget");
  const end = current.find(({ type }) => type === "Failed" || type === "Complete");
  const phase = end === undefined ? "active" : end.type === "Failed" ? "failed" : "succeeded";
  return { phase, endedAt: end?.lastTransitionTime, failure: failing?.reason };
}
