/**
 * Compares our shim with runc's on one real containerd, interleaved: `node test/bench/shim.ts [1.6|1.7|2.1] [part…]`,
 * where the parts are those of PARTS. RCM_SHIM names the executable to measure; unset, it is built first.
 */
import { removeBuiltShim } from "../shim/support/subject.ts";
import { TestContainerd, VERSIONS } from "../shim/support/test-containerd.ts";
import { measureExecs, measureEvents, measureLogs } from "./shim/containers.ts";
import { measureEndurance } from "./shim/endure.ts";
import { measureKilled } from "./shim/killed.ts";
import { measureMemory, measureManyPods } from "./shim/many.ts";
import { measurePods, measureStarts } from "./shim/starts.ts";
import { measureWasmMemory, measureWasmPods } from "./shim/wasm.ts";

const PARTS = {
  pods: measurePods,
  start: measureStarts,
  exec: measureExecs,
  logs: measureLogs,
  events: measureEvents,
  memory: measureMemory,
  many: measureManyPods,
  endure: measureEndurance,
  killed: measureKilled,
  "wasm-pods": measureWasmPods,
  "wasm-memory": measureWasmMemory,
} as const;

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const version = VERSIONS.find((name) => args.includes(name)) ?? "2.1";
  const chosen = Object.entries(PARTS).filter(([name]) => args.includes(name));
  const parts = chosen.length === 0 ? Object.entries(PARTS) : chosen;
  const signal = AbortSignal.timeout(2 * 60 * 60_000); // The 100,000 commands of "endure" take more than one.
  const dense = { name: "dense", options: ['ConfigPath = "FOLDER/dense.toml"'] };
  const containerd = await TestContainerd.create(version, signal, [dense]);
  try {
    console.log(
      `containerd ${version}, handlers of CRI: "runc" is runc's shim, "spin" ours, "dense" ours for all pods`,
    );
    for (const [name, measure] of parts) {
      console.log(`\n${name}`);
      for (const line of await measure(containerd, signal)) console.log(`  ${line}`);
    }
  } finally {
    await containerd.remove(signal);
    await removeBuiltShim();
  }
}
