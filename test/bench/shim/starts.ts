import { join } from "node:path";
import { DirectShim } from "../../shim/support/direct-shim.ts";
import { Pod } from "../../shim/support/pods.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";
import { ratioOf, spreadOf, timed } from "./spread.ts";

const ROUNDS = 25;

type Times = Readonly<Record<"sandbox" | "create" | "start" | "all" | "remove", number>>;

/** RunPodSandbox, CreateContainer and StartContainer of a pod of busybox, one after the other, and its removal. */
export async function measurePods(containerd: TestContainerd): Promise<string[]> {
  const handlers = ["runc", "spin"] as const;
  const seen = handlers.map(() => ({
    sandbox: [] as number[],
    create: [] as number[],
    start: [] as number[],
    all: [] as number[],
    remove: [] as number[],
  }));
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [index, handler] of handlers.entries()) {
      const times = await onePod(containerd, handler);
      if (round < 0) continue; // To warm up.
      for (const key of ["sandbox", "create", "start", "all", "remove"] as const) seen[index]?.[key].push(times[key]);
    }
  }
  const lines = seen.flatMap((times, index) =>
    Object.entries(times).map(
      ([key, values]) => `${handlers[index] ?? ""}  ${key.padEnd(8)} p50 / p90  ${spreadOf(values)}`,
    ),
  );
  return [...lines, `all: ${ratioOf(seen[0]?.all ?? [], seen[1]?.all ?? [])} (goal: at most 1.15)`];
}

async function onePod(containerd: TestContainerd, handler: string): Promise<Times> {
  let pod: Pod | undefined;
  const sandbox = await timed(async () => {
    pod = await Pod.run(containerd, "bench", handler);
  });
  if (pod === undefined) throw new Error("Cannot measure: there is no pod");
  const { cri } = containerd;
  const begun = pod;
  let containerId = "";
  const create = await timed(async () => {
    containerId = await begun.create("main", ["sleep", "1000"]);
  });
  const start = await timed(async () => cri.call("StartContainer", { containerId }));
  const remove = await timed(async () => begun.remove());
  return { sandbox, create, start, all: sandbox + create + start, remove };
}

/** The shim's command `start` alone, as containerd runs it, for a group that has no shim yet. */
export async function measureStarts(containerd: TestContainerd, signal: AbortSignal): Promise<string[]> {
  const programs = { runc: join(containerd.bin, "containerd-shim-runc-v2"), spin: containerd.shim } as const;
  const seen = { runc: [] as number[], spin: [] as number[] };
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const name of ["runc", "spin"] as const) {
      const shim = new DirectShim(containerd, `start-${name}-${String(round + 2)}`, programs[name]);
      await shim.prepare();
      const time = await timed(async () => shim.command("start", signal));
      if (round >= 0) seen[name].push(time);
      await shim.connect(signal);
      await shim.remove(signal);
    }
  }
  return [`runc  p50 / p90  ${spreadOf(seen.runc)}`, `spin  p50 / p90  ${spreadOf(seen.spin)} (goal: at most 60 ms)`];
}
