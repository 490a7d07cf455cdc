import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "@rcm/lib/deadline";
import type { Kube } from "@rcm/lib/kube";
import { CliError } from "../errors.ts";
import { readinessOf } from "./readiness.ts";
import { getSpinApp } from "./spin-apps.ts";
import { unlessAway } from "./unless-away.ts";

const POLL_MS = 500;

export interface ReadyWait {
  readonly name: string;
  readonly namespace: string;
  readonly timeoutMs: number;
  /** Called with each new reason why it is not ready. */
  readonly onProgress: (text: string) => void;
}

/**
 * Looks at the application until it is ready. The cluster may be away for a while.
 *
 * @returns what its condition says then.
 * @throws {CliError} `NOT_READY` says why it is not; `NOT_FOUND` when it is deleted meanwhile.
 */
export async function waitUntilReady(kube: Kube, wait: ReadyWait, signal: AbortSignal): Promise<string> {
  let last = "nothing is known of it";
  function say(text: string): void {
    if (text !== last) wait.onProgress(text);
    last = text;
  }
  function expired(): Error {
    const seconds = wait.timeoutMs / 1000;
    return new CliError("NOT_READY", `The application "${wait.name}" is not ready after ${seconds} s: ${last}`);
  }
  async function look(limited: AbortSignal): Promise<string> {
    for (;;) {
      const app = await unlessAway(getSpinApp(kube, wait, limited), say);
      const { isReady, text } = app === undefined ? { isReady: false, text: last } : readinessOf(app);
      if (isReady) return text;
      say(text);
      await sleep(POLL_MS, undefined, { signal: limited });
    }
  }
  return withDeadline({ ms: wait.timeoutMs, expired }, look, signal);
}
