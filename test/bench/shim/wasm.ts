import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { buildGuest } from "../../guests/build-guest.ts";
import { PORT, addressOf } from "../../shim/support/pod-http.ts";
import { type ContainerOptions, Pod } from "../../shim/support/pods.ts";
import { memoryOf, readProcess } from "../../shim/support/processes.ts";
import { pidOf, sandboxPidOf } from "../../shim/support/status.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";
import { importFileImage } from "../../shim/support/wasm-images.ts";
import { isAnswered } from "../../support/is-answered.ts";
import { handlersOf } from "./many.ts";
import { spreadOf } from "./spread.ts";

const ROUNDS = 15;
const PODS = 20;
const ANSWER_MS = 60_000;
/** Longer than a shim takes until it has prepared a small component for later pods. */
const PREPARED_MS = 3000;
/** Longer than executor and shim wait before they give memory back: the executor half a minute, for all of it. */
const SETTLE_MS = 35_000;

interface Server {
  readonly name: string;
  readonly handler: string;
  readonly command: readonly string[];
  readonly options: ContainerOptions;
  readonly goal: string;
}

/** From the first call of CRI to the first answer with status 200 of a pod's server, one pod after the other. */
export async function measureWasmPods(containerd: TestContainerd, signal: AbortSignal): Promise<string[]> {
  const script = `echo ok > /tmp/index.html; exec httpd -f -p ${String(PORT)} -h /tmp`;
  const busybox = { name: "busybox httpd", handler: "runc", command: ["sh", "-c", script], options: {}, goal: "" };
  const servers: readonly Server[] = [busybox, ...(await wasmServers(containerd, [137, 280], signal))];
  const seen = servers.map(() => ({ sandbox: [] as number[], container: [] as number[], all: [] as number[] }));
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [index, server] of servers.entries()) {
      const from = performance.now();
      const pod = await Pod.run(containerd, "bench", server.handler);
      const sandbox = performance.now() - from;
      await pod.start("main", server.command, server.options);
      const container = performance.now() - from - sandbox;
      await answerOf(await addressOf(pod));
      const all = performance.now() - from;
      if (round < 0) await delay(PREPARED_MS);
      await pod.remove();
      if (round < 0) continue; // To warm up: the others find what was prepared of the component.
      for (const [key, ms] of Object.entries({ sandbox, container, all })) seen[index]?.[key as "all"].push(ms);
    }
  }
  return servers.flatMap(({ name, handler, goal }, index) =>
    Object.entries(seen[index] ?? {}).map(([key, times]) => {
      const aim = key === "all" ? goal : "";
      return `${handler.padEnd(5)} ${name.padEnd(14)} ${key.padEnd(9)} p50 / p90  ${spreadOf(times)}${aim}`;
    }),
  );
}

/** What idle pods of components take of memory: shim, pause and executor, in their proportion, with so many pods. */
export async function measureWasmMemory(containerd: TestContainerd, signal: AbortSignal): Promise<string[]> {
  const handlers = (await handlersOf(containerd)).filter((handler) => handler !== "runc");
  const lines: string[] = [];
  for (const handler of handlers) {
    const goals = handler === "dense" ? [12] : [20, 70];
    for (const { name, options, goal } of await wasmServers(containerd, goals, signal)) {
      const pods: Pod[] = [];
      const pids = new Set<number>();
      for (let index = 0; index < PODS; index += 1) {
        const pod = await Pod.run(containerd, `wasm-${String(index)}`, handler);
        pods.push(pod);
        const sandbox = await sandboxPidOf(containerd, pod.id);
        pids.add(sandbox).add((await readProcess(sandbox))?.parent ?? 0);
        pids.add(await pidOf(containerd, await pod.start("main", [], options)));
        await answerOf(await addressOf(pod));
      }
      await delay(SETTLE_MS);
      const memories = await Promise.all([...pids].map(async (pid) => memoryOf(pid)));
      const sum = memories.reduce((bytes, { proportionalBytes }) => bytes + proportionalBytes, 0);
      lines.push(`${handler.padEnd(5)} ${name.padEnd(14)} PSS ${(sum / PODS / 1e6).toFixed(1)} MB a pod${goal}`);
      await Promise.all(pods.map(async (pod) => pod.remove()));
    }
  }
  return lines;
}

/** @param goals of each, if there is one, in the order of the guests. */
async function wasmServers(
  containerd: TestContainerd,
  goals: readonly number[],
  signal: AbortSignal,
): Promise<readonly Server[]> {
  const servers: Server[] = [];
  for (const [index, guest] of (["c-http", "js-http"] as const).entries()) {
    const image = await importFileImage(containerd, guest, await readFile(await buildGuest(guest)), signal);
    const options = { config: { image: { image }, envs: [{ key: "PORT", value: String(PORT) }] } };
    const goal = goals[index] === undefined ? "" : ` (goal: at most ${String(goals[index])})`;
    servers.push({ name: guest, handler: "spin", command: [], options, goal });
  }
  return servers;
}

async function answerOf(address: string): Promise<void> {
  for (
    const end = Date.now() + ANSWER_MS;
    !(await isAnswered({ host: address, port: PORT, agent: false }));
    await delay(1)
  ) {
    if (Date.now() > end) throw new Error(`Cannot measure: ${address} does not answer`);
  }
}
