import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** Runs kubectl against a cluster; every call has a deadline. */
export interface Kubectl {
  /** Output of a command that must succeed. @throws Error with kubectl's own words. */
  (args: readonly string[], input?: string): Promise<string>;
}

const DEADLINE_MS = 60_000;
const POLL_MS = 250;

export function createKubectl(kubeconfig: string): Kubectl {
  return async (args, input) => {
    const { code, stdout, stderr } = await runKubectl(kubeconfig, args, input);
    if (code === 0) return stdout;
    throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr.trim()}`);
  };
}

async function runKubectl(
  kubeconfig: string,
  args: readonly string[],
  input = "",
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = spawn("kubectl", ["--kubeconfig", kubeconfig, ...args], {
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined); // It may end before it has read all.
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, stdout, stderr };
}

/**
 * Asks again and again until `probe` gives something.
 *
 * @throws Error that says what was waited for, and what was there instead at the end.
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined>,
  everyMs = POLL_MS,
): Promise<T> {
  let last: unknown;
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
      last = "not yet";
    } catch (error) {
      last = error;
    }
    await delay(everyMs);
  }
  throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`, { cause: last });
}
