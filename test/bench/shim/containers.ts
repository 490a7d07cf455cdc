import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Pod } from "../../shim/support/pods.ts";
import { EXITED, statusOf } from "../../shim/support/status.ts";
import { TaskEvents } from "../../shim/support/task-events.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";
import { ratioOf, spreadOf, timed } from "./spread.ts";

const HANDLERS = ["runc", "spin"] as const;
const EXECS = 100;
const LOG_BYTES = 300_000_000;
const EVENTS_MS = 5000;

/** ExecSync of `true`, one after the other. */
export async function measureExecs(containerd: TestContainerd): Promise<string[]> {
  const pods = await sleepers(containerd);
  const seen = { runc: [] as number[], spin: [] as number[] };
  for (let round = -5; round < EXECS; round += 1) {
    for (const { handler, id } of pods) {
      const time = await timed(async () => execute(containerd, id));
      if (round >= 0) seen[handler].push(time);
    }
  }
  for (const { pod } of pods) await pod.remove();
  return [...HANDLERS.map((name) => `${name}  p50 / p90  ${spreadOf(seen[name])}`), ratioOf(seen.runc, seen.spin)];
}

/** What containers write into CRI's log, in lines of 100 bytes. */
export async function measureLogs(containerd: TestContainerd): Promise<string[]> {
  const lines: string[] = [];
  for (const round of [1, 2]) {
    for (const handler of HANDLERS) {
      const pod = await Pod.run(containerd, "logs", handler);
      const script = `yes ${"x".repeat(99)} | head -c ${String(LOG_BYTES)}`;
      const time = await timed(async () => untilExited(containerd, await pod.start("loud", ["sh", "-c", script])));
      await pod.remove();
      await rm(pod.logFolder, { recursive: true });
      lines.push(`${handler}  round ${String(round)}  ${(LOG_BYTES / 1000 / time).toFixed(0)} MB/s`);
    }
  }
  return lines;
}

/** Events while 8 commands at a time are executed, which is 4 events each. */
export async function measureEvents(containerd: TestContainerd): Promise<string[]> {
  const lines: string[] = [];
  for (const { handler, pod, id } of await sleepers(containerd)) {
    const events = await TaskEvents.listen(containerd, "k8s.io");
    const until = performance.now() + EVENTS_MS;
    let execs = 0;
    async function worker(): Promise<void> {
      while (performance.now() < until) {
        await execute(containerd, id);
        execs += 1;
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker));
    await delay(300);
    events.stop();
    lines.push(`${handler}  ${perSecond(events.of(id).length)} events/s, ${perSecond(execs)} commands/s`);
    await pod.remove();
  }
  return lines;
}

function perSecond(count: number): string {
  return ((count * 1000) / EVENTS_MS).toFixed(0);
}

interface Sleeper {
  readonly handler: (typeof HANDLERS)[number];
  readonly pod: Pod;
  readonly id: string;
}

async function sleepers(containerd: TestContainerd): Promise<readonly Sleeper[]> {
  return Promise.all(
    HANDLERS.map(async (handler) => {
      const pod = await Pod.run(containerd, "sleeper", handler);
      return { handler, pod, id: await pod.start("main", ["sleep", "10000"]) };
    }),
  );
}

async function execute({ cri }: TestContainerd, containerId: string): Promise<void> {
  await cri.call("ExecSync", { containerId, cmd: ["true"], timeout: 10 });
}

async function untilExited(containerd: TestContainerd, id: string): Promise<void> {
  while ((await statusOf(containerd, id))["state"] !== EXITED) await delay(10);
}
