import { readFileSync, writeFileSync } from "node:fs";
import { ComponentError, WasmTrap } from "@rcm/shim/executor/component/errors";
import type { HostInterface } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { tuneForLoading } from "@rcm/shim/executor/pod/engine-flags";
import { HANDMADE } from "./executor-component-handmade.ts";
import { mutantsOf } from "./executor-component-mutants.ts";

/** What came of a component, and what it took. */
export interface Outcome {
  /** "works", "TRAP" if it was prepared but did not start, or the code of the error with which it is refused. */
  readonly what: string;
  /** Processor time of the whole process, V8's threads included. */
  readonly cpuMs: number;
  /** The most that the process had resident meanwhile, beyond what it had before the first component. */
  readonly grownMiB: number;
}

/** What a guest may compute when it starts. */
const START_MS = 200;
const INTERFACES = [
  "wasi:cli/environment",
  "wasi:cli/exit",
  "wasi:cli/stderr",
  "wasi:cli/stdin",
  "wasi:cli/stdout",
  "wasi:cli/terminal-input",
  "wasi:cli/terminal-output",
  "wasi:cli/terminal-stderr",
  "wasi:cli/terminal-stdin",
  "wasi:cli/terminal-stdout",
  "wasi:clocks/monotonic-clock",
  "wasi:clocks/wall-clock",
  "wasi:filesystem/preopens",
  "wasi:filesystem/types",
  "wasi:http/outgoing-handler",
  "wasi:http/types",
  "wasi:io/error",
  "wasi:io/poll",
  "wasi:io/streams",
  "wasi:random/random",
  "rcm:values/host",
];

function call(): never {
  throw new WasmTrap("there is no host");
}

/** Offers everything, and does nothing. */
function anyHost(name: string): HostInterface<undefined> {
  const version = name.startsWith("wasi:") ? "0.2.12" : undefined;
  return { name, version, functions: everything({ call }), resources: everything({}) };
}

function everything<Value>(value: Value): Readonly<Record<string, Value>> {
  return new Proxy<Record<string, Value>>(
    {},
    { get: () => value, getOwnPropertyDescriptor: () => ({ value, configurable: true, enumerable: true }) },
  );
}

/** Anything but what the executor says on purpose is thrown on. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    const prepared = prepare(bytes, { meter: "with-meter" });
    const end = performance.now() + START_MS;
    link(prepared, INTERFACES.map(anyHost), { refuel: () => fuelUntil(end) })
      .instantiate(undefined)
      .dispose();
    return "works";
  } catch (error) {
    if (error instanceof ComponentError || error instanceof WasmTrap) return error.code;
    throw error;
  }
}

function fuelUntil(end: number): number {
  if (performance.now() > end) throw new WasmTrap("its time is up");
  return 1 << 16;
}

/** Has the kernel forget how much the process had resident. */
function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

function peakMiB(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

function* handmade(): Generator<Uint8Array> {
  for (const one of HANDMADE) yield one.build();
}

/**
 * The program: what came of each component, a line each. Arguments: the path of a component, a seed and a number for so
 * many mutants of it; none for those that are made by hand.
 */
function main([path, seed, count]: readonly string[]): void {
  tuneForLoading(); // As the executor does.
  const components = path === undefined ? handmade() : mutantsOf(readFileSync(path), Number(seed), Number(count));
  forgetPeak();
  const restMiB = peakMiB();
  for (const component of components) {
    forgetPeak();
    const start = process.cpuUsage();
    const what = outcomeOf(component);
    const { user, system } = process.cpuUsage(start);
    const outcome: Outcome = { what, cpuMs: (user + system) / 1000, grownMiB: peakMiB() - restMiB };
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

if (import.meta.main) main(process.argv.slice(2));
