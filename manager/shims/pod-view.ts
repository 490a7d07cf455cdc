import { parseReport } from "./install-report.ts";
import type { Obstacle, PodView } from "./job-view.ts";

/** Label that the Job controller puts on its pods: https://kubernetes.io/docs/reference/labels-annotations-taints/#batch-kubernetes-io-job-name */
const JOB_NAME_LABEL = "batch.kubernetes.io/job-name";

interface ContainerJson {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: {
      readonly exitCode: number;
      readonly reason?: string;
      readonly message?: string;
      readonly finishedAt?: string | null;
    };
  };
}

export interface PodJson {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly ({ readonly type: string; readonly status: string } & Partial<Obstacle>)[];
    readonly initContainerStatuses?: readonly ContainerJson[];
    readonly containerStatuses?: readonly ContainerJson[];
  };
}

/** Waiting reasons that are part of a normal start. */
const STARTING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing", ""]);

export function podView({ metadata, status = {} }: PodJson): PodView {
  const { name, uid, creationTimestamp: createdAt = "", labels = {} } = metadata;
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return {
    name,
    uid,
    jobName: labels[JOB_NAME_LABEL] ?? "",
    phase: status.phase ?? "Pending",
    createdAt,
    started: containers.some(({ state }) => state?.running !== undefined || state?.terminated !== undefined),
    waiting: waitingOf(containers) ?? unschedulable(status),
    ...endOf(containers),
  };
}

function endOf(containers: readonly ContainerJson[]): Pick<PodView, "endedAt" | "report" | "ended"> {
  const ends = containers.flatMap(({ name, state }) =>
    state?.terminated === undefined ? [] : [{ name, ...state.terminated }],
  );
  const decisive = ends.find(({ exitCode }) => exitCode !== 0) ?? ends.at(-1);
  if (decisive === undefined) return { endedAt: undefined, report: undefined, ended: undefined };
  const times = ends.flatMap(({ finishedAt }) => (typeof finishedAt === "string" ? [finishedAt] : []));
  return {
    endedAt: times.toSorted().at(-1),
    report: parseReport(decisive.message),
    ended: `container ${decisive.name} ended with ${decisive.exitCode} (${decisive.reason ?? "no reason"})`,
  };
}

function waitingOf(containers: readonly ContainerJson[]): Obstacle | undefined {
  for (const { state } of containers) {
    const { reason = "", message = "" } = state?.waiting ?? {};
    if (state?.waiting !== undefined && !STARTING.has(reason)) return { reason, message };
  }
  return undefined;
}

function unschedulable({ conditions = [] }: NonNullable<PodJson["status"]>): Obstacle | undefined {
  const found = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return found === undefined ? undefined : { reason: found.reason ?? "Unschedulable", message: found.message ?? "" };
}
