/**
 * What the parts of the shim cost: Linux calls, and runc's steps with `start` done by us and by runc.
 *
 *     node test/bench/shim-parts.ts [runc [containers]]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const [binary = "runc", count = "20"] = process.argv.slice(2);

const begun = performance.now();
const { becomeSubreaper } = await import("@rcm/shim/linux/subreaper");
const loaded = performance.now();
becomeSubreaper();
const called = performance.now();

const { createContainer, createRuncBench } = await import("../support/runc-bench.ts");
const { mount } = await import("@rcm/shim/linux/mount");
const { unmountRecursive } = await import("@rcm/shim/linux/unmount");

console.log(execFileSync(binary, ["--version"], { encoding: "utf8" }).split("\n", 1)[0]);
print("load node:ffi and module", [loaded - begun]);
print("open libc, first call", [called - loaded]);

const bench = createRuncBench(binary);
const keepAlive = setInterval(() => undefined, 1000);
try {
  await measureLife("ours", false);
  await measureLife("runc", true);
  measureMounts();
} finally {
  clearInterval(keepAlive);
  bench.close();
}

async function measureLife(name: string, hasPoststartHooks: boolean): Promise<void> {
  const times: Record<"create" | "start" | "state" | "kill" | "delete", number[]> = {
    create: [],
    start: [],
    state: [],
    kill: [],
    delete: [],
  };
  for (let index = 0; index < Number(count); index += 1) {
    const signal = AbortSignal.timeout(20_000);
    const id = `${name}-${index}`;
    const create = performance.now();
    const container = await createContainer(bench, id, { args: ["sleep", "100"] });
    const start = performance.now();
    await bench.runc.start({ id, pid: container.pid, hasPoststartHooks }, signal);
    const state = performance.now();
    const { status } = await bench.runc.state(id, signal);
    if (status !== "running") throw new Error(`Cannot measure: container is ${status}`);
    const kill = performance.now();
    process.kill(container.pid, "SIGKILL");
    await container.exit;
    const remove = performance.now();
    await bench.runc.delete(id, { force: false }, signal);
    const end = performance.now();
    container.stdio.close();
    times.create.push(start - create);
    times.start.push(state - start);
    times.state.push(kill - state);
    times.kill.push(remove - kill);
    times.delete.push(end - remove);
  }
  for (const [step, values] of Object.entries(times)) print(`${step} (start by ${name})`, values);
}

function measureMounts(): void {
  const [lower, target] = [join(bench.folder, "rootfs"), join(bench.folder, "mounted")];
  for (const folder of ["mounted", "upper", "work"]) mkdirSync(join(bench.folder, folder));
  const options = [
    `lowerdir=${lower}`,
    `upperdir=${join(bench.folder, "upper")}`,
    `workdir=${join(bench.folder, "work")}`,
  ];
  const mounts: number[] = [];
  const unmounts: number[] = [];
  for (let index = 0; index < 50; index += 1) {
    const mounting = performance.now();
    mount({ type: "overlay", source: "overlay", target, options });
    const mounted = performance.now();
    unmountRecursive(target);
    mounts.push(mounted - mounting);
    unmounts.push(performance.now() - mounted);
  }
  print("mount an overlay", mounts);
  print("unmountRecursive", unmounts);
}

function print(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50 = 0, max = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  console.log(`${what.padEnd(28)} p50 ${p50.toFixed(2)} ms, max ${max.toFixed(2)} ms`);
}
