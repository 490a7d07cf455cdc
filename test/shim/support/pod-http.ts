import { setTimeout as delay } from "node:timers/promises";
import { readLog } from "./log-file.ts";
import type { Pod } from "./pods.ts";
import { EXITED, statusOf } from "./status.ts";

/** Where the servers of these tests listen. */
export const PORT = 8080;
const ANSWER_MS = 60_000;

/** The answer of the pod's container `main`, whose server may have to start first. */
export async function askPod(pod: Pod, path = "/", request: RequestInit = {}): Promise<string> {
  const url = `http://${await addressOf(pod)}:${String(PORT)}${path}`;
  const end = Date.now() + ANSWER_MS;
  for (;;) {
    try {
      const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_MS) });
      return await answer.text();
    } catch (cause) {
      const ended = await endOf(pod);
      if (ended !== undefined || Date.now() > end) {
        throw new Error(`Cannot reach the guest: ${ended ?? "it runs"}: ${await readLog(pod, "main")}`, { cause });
      }
      await delay(50);
    }
  }
}

/** The answer of the pod's container `main`, which is asked once. */
export async function askPodOnce(pod: Pod): Promise<string> {
  const url = `http://${await addressOf(pod)}:${String(PORT)}/`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  return answer.text();
}

/** How its containers have ended, if none runs. */
async function endOf({ containerd, id }: Pod): Promise<string | undefined> {
  const { containers } = await containerd.cri.call("ListContainers", { filter: { podSandboxId: id } });
  const ends: string[] = [];
  for (const { id: container } of containers as readonly { readonly id: string }[]) {
    const { state, exitCode, reason } = await statusOf(containerd, container);
    if (state !== EXITED) return undefined;
    ends.push(`it has ended with ${String(exitCode)} (${String(reason)})`);
  }
  return ends.length === 0 ? undefined : ends.join(", ");
}

/** The pod's own. */
export async function addressOf({ containerd, id }: Pod): Promise<string> {
  const { status } = await containerd.cri.call("PodSandboxStatus", { podSandboxId: id });
  return (status as { readonly network: { readonly ip: string } }).network.ip;
}
