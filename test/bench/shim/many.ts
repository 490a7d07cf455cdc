import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findLeft } from "../../shim/support/leaks.ts";
import { Pod } from "../../shim/support/pods.ts";
import { memoryOf, readProcess } from "../../shim/support/processes.ts";
import { sandboxPidOf } from "../../shim/support/status.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";
import { timed } from "./spread.ts";

const PODS = 20;
const MANY = 200;
const AT_ONCE = 8;
const SETTLE_MS = 3000;
const GOALS: Readonly<Record<string, string>> = { spin: " (goal: at most 12)", dense: " (goal: at most 1)" };

/** What the shims take of memory, in their proportion, with so many pods. */
export async function measureMemory(containerd: TestContainerd): Promise<string[]> {
  const lines: string[] = [];
  for (const handler of await handlersOf(containerd)) {
    const pods: Pod[] = [];
    for (let index = 0; index < PODS; index += 1) {
      const pod = await Pod.run(containerd, `memory-${String(index)}`, handler);
      await pod.start("main", ["sleep", "10000"]);
      pods.push(pod);
    }
    await delay(SETTLE_MS);
    const shims = new Set<number>();
    for (const { id } of pods) shims.add((await readProcess(await sandboxPidOf(containerd, id)))?.parent ?? 0);
    const sums = { proportionalBytes: 0, uniqueBytes: 0, residentBytes: 0 };
    for (const pid of shims) {
      const memory = await memoryOf(pid);
      for (const key of ["proportionalBytes", "uniqueBytes", "residentBytes"] as const) sums[key] += memory[key];
    }
    const { proportionalBytes, uniqueBytes, residentBytes } = sums;
    const [pss, uss, rss] = [proportionalBytes, uniqueBytes, residentBytes].map((bytes) =>
      (bytes / 1e6 / PODS).toFixed(2),
    );
    const goal = GOALS[handler] ?? "";
    lines.push(
      `${handler}  ${String(shims.size)} shims, MB a pod: PSS ${pss ?? ""}${goal}, private ${uss ?? ""}, RSS ${rss ?? ""}`,
    );
    await Promise.all(pods.map(async (pod) => pod.remove()));
  }
  return lines;
}

/** Pods that are started and removed, and what is left of them. */
export async function measureManyPods(containerd: TestContainerd): Promise<string[]> {
  const lines: string[] = [];
  for (const handler of await handlersOf(containerd)) {
    const before = await state(containerd);
    let next = 0;
    async function worker(): Promise<void> {
      while (next < MANY) {
        const name = `many-${String(next)}`;
        next += 1;
        const pod = await Pod.run(containerd, name, handler);
        await pod.start("main", ["sleep", "1000"]);
        await pod.remove();
      }
    }
    const time = await timed(async () => Promise.all(Array.from({ length: AT_ONCE }, worker)));
    await delay(SETTLE_MS);
    const left = await findLeft(containerd);
    const rate = ((MANY * 1000) / time).toFixed(1);
    lines.push(
      `${handler}  ${rate} pods/s; before ${before}; after ${await state(containerd)}; left: ${String(left.length)} things`,
    );
  }
  return lines;
}

async function handlersOf({ folder }: TestContainerd): Promise<readonly string[]> {
  await writeFile(join(folder, "dense.toml"), 'Grouping = "node"\n');
  return ["runc", "spin", "dense"];
}

async function state(containerd: TestContainerd): Promise<string> {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1];
  const daemon = await memoryOf((await containerd.pid()) ?? 0);
  return `${(Number(available) / 1000).toFixed(0)} MB free, containerd ${(daemon.residentBytes / 1e6).toFixed(0)} MB`;
}
