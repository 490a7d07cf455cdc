import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findLeft } from "../../shim/support/leaks.ts";
import { Pod } from "../../shim/support/pods.ts";
import { memoryOf, readProcess, type Memory } from "../../shim/support/processes.ts";
import { sandboxPidOf } from "../../shim/support/status.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";
import { timed } from "./spread.ts";

const PODS = 20;
const MANY = 200;
const AT_ONCE = 8;
/** Longer than our shim waits before it rests, and the node's shim before it ends. */
const SETTLE_MS = 12_000;
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
    const shims = await shimsOf(containerd, pods); // Before they rest: to be asked wakes them.
    await delay(SETTLE_MS);
    lines.push(`${handler}  ${await shimsMemory(shims, pods.length)}${GOALS[handler] ?? ""}`);
    await Promise.all(pods.map(async (pod) => pod.remove()));
  }
  return lines;
}

async function shimsOf(containerd: TestContainerd, pods: readonly Pod[]): Promise<ReadonlySet<number>> {
  const parents = pods.map(async ({ id }) => (await readProcess(await sandboxPidOf(containerd, id)))?.parent ?? 0);
  return new Set(await Promise.all(parents));
}

async function shimsMemory(shims: ReadonlySet<number>, pods: number): Promise<string> {
  const memories = await Promise.all([...shims].map(async (pid) => memoryOf(pid)));
  function each(pick: (memory: Memory) => number): string {
    const sum = memories.reduce((bytes, memory) => bytes + pick(memory), 0);
    return (sum / 1e6 / pods).toFixed(2);
  }
  const unique = each(({ uniqueBytes }) => uniqueBytes);
  const resident = each(({ residentBytes }) => residentBytes);
  return `${String(shims.size)} shims, MB a pod: private ${unique}, RSS ${resident}, PSS ${each(({ proportionalBytes }) => proportionalBytes)}`;
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

/** The handlers of CRI that are compared; that of the node's shim is made ready. */
export async function handlersOf({ folder }: TestContainerd): Promise<readonly string[]> {
  await writeFile(join(folder, "dense.toml"), 'Grouping = "node"\n');
  return ["runc", "spin", "dense"];
}

async function state(containerd: TestContainerd): Promise<string> {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1];
  const daemon = await memoryOf((await containerd.pid()) ?? 0);
  return `${(Number(available) / 1000).toFixed(0)} MB free, containerd ${(daemon.residentBytes / 1e6).toFixed(0)} MB`;
}
