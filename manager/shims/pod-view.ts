import type { InstallReport } from "@rcm/lib/install-job";
import type { PodView } from "./job-view.ts";

/** Label that the Job controller puts on its pods. */
const JOB_NAME_LABEL = "batch.kubernetes.io/job-name";

interface ContainerJson {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
  };
}

export interface PodJson {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly initContainerStatuses?: readonly ContainerJson[];
    readonly containerStatuses?: readonly ContainerJson[];
  };
}

/** Waiting reasons that are part of a normal start. */
const STARTING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing", ""]);

export function podView({ metadata, status }: PodJson): PodView {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const ended = containers.filter(({ state }) => state?.terminated !== undefined);
  const decisive = ended.find(({ state }) => state?.terminated?.exitCode !== 0) ?? ended.at(-1);
  const terminated = decisive?.state?.terminated;
  return {
    name: metadata.name,
    jobName: metadata.labels?.[JOB_NAME_LABEL] ?? "",
    phase: status?.phase ?? "Pending",
    createdAt: metadata.creationTimestamp ?? "",
    report: parseReport(terminated?.message),
    waiting: waitingOf(containers) ?? unschedulable(status),
    ended:
      terminated === undefined
        ? undefined
        : `container ${decisive?.name ?? ""} ended with ${terminated.exitCode} (${terminated.reason ?? "no reason"})`,
  };
}

function waitingOf(containers: readonly ContainerJson[]): PodView["waiting"] {
  for (const { state } of containers) {
    const reason = state?.waiting?.reason ?? "";
    if (state?.waiting !== undefined && !STARTING.has(reason)) return { reason, message: state.waiting.message ?? "" };
  }
  return undefined;
}

function unschedulable(status: PodJson["status"]): PodView["waiting"] {
  const scheduled = status?.conditions?.find(({ type, status: value }) => type === "PodScheduled" && value === "False");
  if (scheduled === undefined) return undefined;
  return { reason: scheduled.reason ?? "Unschedulable", message: scheduled.message ?? "" };
}

function parseReport(text: string | undefined): InstallReport | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const value = JSON.parse(text) as Partial<InstallReport> | null;
    if (value === null || typeof value !== "object" || value.schema !== 1) return undefined;
    return typeof value.ok === "boolean" && typeof value.message === "string" ? (value as InstallReport) : undefined;
  } catch {
    return undefined;
  }
}
