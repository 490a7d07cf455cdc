import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Pod } from "../../shim/support/pods.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";

const ENDS = 10;
const BETWEEN_MS = 300;
const DIGITS = 9;
const WRITER = `i=0; while :; do printf "%0${String(DIGITS)}d\\n" $i; i=$((i+1)); done`;

/** What containerd loses of logs, each time it ends, with containers that write as fast as they can. */
export async function measureKilled(containerd: TestContainerd, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  for (const how of ["SIGKILL", "SIGTERM"] as const) {
    const pods = await Promise.all(
      ["runc", "spin"].map(async (handler) => ({ handler, pod: await Pod.run(containerd, "killed", handler) })),
    );
    for (const { pod } of pods) await pod.start("writer", ["sh", "-c", WRITER]);
    for (let end = 0; end < ENDS; end += 1) {
      await delay(BETWEEN_MS);
      await containerd.restart(how, signal);
    }
    for (const { handler, pod } of pods) {
      lines.push(`${handler}  ${how} ${String(ENDS)} times: ${await lossesIn(pod.logFile("writer"))}`);
      await pod.remove();
    }
  }
  return lines;
}

/** Of a line whose beginning was lost, the end is there. */
async function lossesIn(file: string): Promise<string> {
  const lost: number[] = [];
  let torn = 0;
  let count = 0;
  let last = -1;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const text = / stdout F (\d+)$/.exec(line)?.[1] ?? "";
    if (text.length !== DIGITS) {
      torn += 1;
      continue;
    }
    if (Number(text) !== last + 1) lost.push(Number(text) - last - 1);
    last = Number(text);
    count += 1;
  }
  return `${String(count)} lines; lost ${lost.join(", ")}; ${String(torn)} cut`;
}
