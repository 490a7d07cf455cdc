import type { KubeObject } from "@rcm/lib/kube";
import { oneLine } from "../runtime/one-line.ts";

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number };
}

/** A Pod's JSON as far as `podTrouble` reads it. */
export interface PodJson extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly state?: ContainerState;
      readonly lastState?: ContainerState;
    }[];
  };
}

/** Why a pod does not run; `undefined` fields when it does, or when it has just begun. */
export interface PodTrouble {
  readonly app: string;
  readonly reason: string | undefined;
  readonly message: string;
}

/** A container that waits for these is only on its way. */
const ON_ITS_WAY: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);
/** The kubelet says one and the other by turns. */
const PULL_FAILURES: ReadonlySet<string> = new Set(["ErrImagePull", "ImagePullBackOff"]);
const MAX_MESSAGE = 500;

/** @param label key of the label whose value is the SpinApp's name. */
export function podTrouble(label: string, { metadata, status }: PodJson): PodTrouble {
  const { reason, message = "" } = troubleIn(status ?? {}) ?? {};
  return { app: metadata?.labels?.[label] ?? "", reason, message: oneLine(message, MAX_MESSAGE) };
}

type Status = NonNullable<PodJson["status"]>;

function troubleIn({ containerStatuses = [], conditions = [] }: Status): Found {
  return containerStatuses.map(waiting).find((one) => one !== undefined) ?? unschedulable(conditions);
}

type Found = { readonly reason: string; readonly message: string } | undefined;

function waiting({ name, state, lastState }: NonNullable<Status["containerStatuses"]>[number]): Found {
  const { reason = "", message = "" } = state?.waiting ?? {};
  if (reason === "" || ON_ITS_WAY.has(reason)) return undefined;
  if (PULL_FAILURES.has(reason)) return { reason: "ImagePullBackOff", message: pullMessage(name, message) };
  if (reason !== "CrashLoopBackOff") return { reason, message: `container "${name}": ${message}` };
  // The kubelet's message says how long it waits, which changes with every try.
  return { reason, message: `container "${name}" ended ${endOf(lastState?.terminated)}` };
}

function pullMessage(container: string, message: string): string {
  const what = /image "(?<image>[^"]+)"/.exec(message)?.groups?.["image"];
  return `the image of container "${container}"${what === undefined ? "" : `, "${what}",`} cannot be pulled: look at spec.image, and at spec.imagePullSecrets where the registry wants a password`;
}

function endOf(end: ContainerState["terminated"]): string {
  const { exitCode, reason = "", message = "" } = end ?? {};
  const code = exitCode === undefined ? "again and again" : `with exit code ${exitCode}`;
  const why = [reason === "Error" ? "" : reason, message.trim()].filter((text) => text !== "").join(": ");
  return why === "" ? `${code}: look at its log` : `${code}: ${why}`;
}

function unschedulable(conditions: NonNullable<Status["conditions"]>): Found {
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return { reason: scheduled.reason ?? "Unschedulable", message: scheduled.message ?? "" };
}
