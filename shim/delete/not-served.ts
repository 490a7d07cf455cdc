import { ConnectRequest, ConnectResponse, TASK_SERVICES } from "../proto/task.ts";
import { TtrpcClient } from "../ttrpc/client.ts";
import type { PodContainer } from "./containers-of-pod.ts";

/** How long a shim may take to accept, and then to answer, in milliseconds: containerd gives the whole command five seconds. */
const ANSWER_MS = 1000;

/**
 * Those containers that the shim at a socket does not have. It may be a new one, in the place of one that was killed. All
 * are let be if it does not answer.
 */
export async function notServed(path: string, containers: readonly PodContainer[]): Promise<readonly PodContainer[]> {
  if (containers.length === 0) return [];
  const { signal } = new AbortController();
  try {
    const shim = await TtrpcClient.connect(path, ANSWER_MS, signal);
    try {
      const pids = await Promise.all(containers.map(async ({ id }) => pidAt(shim, id, signal)));
      return containers.filter((_, index) => pids[index] === 0);
    } finally {
      shim.close();
    }
  } catch {
    return [];
  }
}

/** @returns 0 if the shim has no such container. */
async function pidAt(shim: TtrpcClient, id: string, signal: AbortSignal): Promise<number> {
  const payload = ConnectRequest.encode({ id });
  const request = { service: TASK_SERVICES[0], method: "Connect", payload, timeoutMs: ANSWER_MS };
  return ConnectResponse.decode(await shim.call(request, signal)).taskPid;
}
