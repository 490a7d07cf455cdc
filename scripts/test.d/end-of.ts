import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** So long after its end, in milliseconds, a command's output is waited for: what is in the pipes is read in less. */
const REST_MS = 10_000;

/**
 * Waits until a command, the first of its process group, has ended and what it wrote is read. What a broken test has left
 * running may hold its output open: that is ended then, or no longer listened to.
 *
 * @returns its exit code; 1 where a signal ended it.
 */
export async function endOf(child: ChildProcess, restMs: number = REST_MS): Promise<number> {
  let rest: NodeJS.Timeout | undefined = undefined;
  child.once("exit", () => {
    rest = setTimeout(() => {
      endGroup(child);
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, restMs);
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(rest);
  return code ?? 1;
}

/** Kills the command and what it has started, as far as it is there. */
export function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of them have ended.
  }
}
