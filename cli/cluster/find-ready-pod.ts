import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "@rcm/lib/deadline";
import type { Kube } from "@rcm/lib/kube";
import { CliError } from "../errors.ts";
import type { PodObject } from "./kinds.ts";
import { isPodReady, listPods, type PodSelection } from "./pods.ts";

/** As upstream says it. */
export const NO_PODS = "no active deployment found for the given application name or selector";

const POLL_MS = 500;

/**
 * A pod that is ready; waits for one for `timeoutMs` if there are pods.
 *
 * @throws {CliError} `NOT_FOUND` when there are none, `NOT_READY` when none becomes ready in time.
 */
export async function findReadyPod(
  kube: Kube,
  { selection, timeoutMs }: { readonly selection: PodSelection; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<PodObject> {
  function expired(): Error {
    const problem = `none of its pods is ready after ${timeoutMs / 1000} s`;
    return new CliError("NOT_READY", `Cannot connect to the application: ${problem}`);
  }
  async function look(limited: AbortSignal): Promise<PodObject> {
    for (;;) {
      const pods = await listPods(kube, selection, limited);
      const ready = pods.find((pod) => isPodReady(pod));
      if (ready !== undefined) return ready;
      if (pods.length === 0) {
        throw new CliError("NOT_FOUND", NO_PODS);
      }
      await sleep(POLL_MS, undefined, { signal: limited });
    }
  }
  return withDeadline({ ms: timeoutMs, expired }, look, signal);
}
