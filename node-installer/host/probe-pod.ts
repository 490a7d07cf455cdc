import { randomBytes } from "node:crypto";
import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import type { Call } from "./cri-client.ts";

/** Messages of CRI as JSON; only the fields of `cri-schema.ts` are ever there. */
export interface Json {
  readonly runtime_version?: string;
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: boolean }[] };
  readonly info?: Readonly<Record<string, string>>;
  readonly runtime_handlers?: readonly { readonly name?: string }[];
  readonly items?: readonly {
    readonly id?: string;
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
    readonly state?: number;
    readonly runtime_handler?: string;
  }[];
  readonly containers?: readonly {
    readonly id?: string;
    readonly metadata?: { readonly name?: string };
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  readonly pod_sandbox_id?: string;
  readonly [field: string]: unknown;
}

/** `NamespaceMode.NODE`: the pod needs no network of its own, so a broken CNI is not taken for a broken containerd. */
const NODE = 2;
const POD = 0;
const STEP_MS = 15_000;

/**
 * Starts and removes an empty pod.
 *
 * @param handler undefined: the default runtime.
 * @returns undefined if all went well, else what failed.
 */
export async function probePod(
  call: Call,
  { handler, configJson }: { readonly handler: string | undefined; readonly configJson: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const request = { config: podConfig(configJson), runtime_handler: handler ?? "" };
  let id: string | undefined;
  try {
    const made = await call("RunPodSandbox", request, DEADLINES.probe, signal);
    id = made.pod_sandbox_id;
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  } finally {
    if (id !== undefined) await removePod(call, id);
  }
}

/** The kubelet removes pods that it does not know, so this may find nothing left to do. */
async function removePod(call: Call, id: string): Promise<void> {
  const signal = AbortSignal.timeout(2 * STEP_MS);
  await call("StopPodSandbox", { pod_sandbox_id: id }, STEP_MS, signal).catch(() => undefined);
  await call("RemovePodSandbox", { pod_sandbox_id: id }, STEP_MS, signal).catch(() => undefined);
}

function podConfig(configJson: string): object {
  const uid = randomBytes(8).toString("hex");
  return {
    metadata: { name: "rcm-probe", uid: `rcm-probe-${uid}`, namespace: "rcm-probe", attempt: 0 },
    linux: {
      cgroup_parent: usesSystemdCgroups(configJson) ? "rcm-probe.slice" : "/rcm-probe",
      security_context: { namespace_options: { network: NODE, pid: POD, ipc: POD } },
    },
  };
}

/** The two cgroup drivers want names of different shapes. */
function usesSystemdCgroups(configJson: string): boolean {
  return /"SystemdCgroup":\s*true/.test(configJson);
}
