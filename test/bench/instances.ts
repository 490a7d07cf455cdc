/**
 * How long a new instance of a component takes, and how long one that has answered a request takes to be in its first state
 * again (where that is possible; else every request has a new one). Beside them, in the same run, what the machine needs to
 * copy the memory that such an instance has.
 *
 * node test/bench/instances.ts [--requests 4000] [c-http rust-http js-http go-http]
 */
import { Agent } from "node:http";
import { PassThrough } from "node:stream";
import { parseArgs } from "node:util";
import { loadComponent } from "@rcm/shim/executor/commands/load-component";
import { parseServe, serveLinked } from "@rcm/shim/executor/commands/serve";
import type { Instance, Linked } from "@rcm/shim/executor/component/host-interface";
import type { HostServices } from "@rcm/shim/executor/host/services";
import { HostState } from "@rcm/shim/executor/host/state";
import { type GuestName, buildGuest } from "../guests/build-guest.ts";
import { isAnswered } from "../support/is-answered.ts";

const PORT = 18_731;
const START_MS = 60_000;
const INSTANCES = 1000;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { requests: { type: "string", default: "4000" } },
});
const guests = (positionals.length === 0 ? ["c-http", "rust-http", "js-http", "go-http"] : positionals) as GuestName[];

async function linesOf(guest: GuestName): Promise<string> {
  const options = parseServe(["--listen", `127.0.0.1:${PORT}`, await buildGuest(guest)], {});
  const watched = new Watched(loadComponent(options.guest));
  const stop = new AbortController();
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough().resume(), new PassThrough().resume()];
  const served = serveLinked(watched, options, { stdin, stdout, stderr, environment: {} }, stop.signal);
  const agent = new Agent({ keepAlive: true });
  const server = { host: "127.0.0.1", port: PORT, agent };
  const end = Date.now() + START_MS;
  while (!(await isAnswered(server))) {
    if (Date.now() > end) throw new Error(`Cannot measure ${guest}: it does not answer`);
  }
  watched.resets.length = 0;
  for (let request = 0; request < Number(flags.requests); request += 1) {
    if (!(await isAnswered(server))) throw new Error(`Cannot measure ${guest}: a request failed`);
  }
  agent.destroy();
  const made = watched.timeNew();
  stop.abort();
  await served;
  const copies = timesOfCopies(watched.memoryBytes);
  const reset = watched.resets.length === 0 ? "" : line(guest, "reset", watched.resets, copies);
  return line(guest, "new instance", made, copies) + reset;
}

/** A component whose instances are timed. */
class Watched implements Linked<HostState> {
  readonly exports: Linked<HostState>["exports"];
  readonly resets: number[] = [];
  memoryBytes = 0;
  readonly #linked: Linked<HostState>;
  #services: HostServices | undefined;

  constructor(linked: Linked<HostState>) {
    this.#linked = linked;
    this.exports = linked.exports;
  }

  get reset(): Linked<HostState>["reset"] {
    return this.#linked.reset;
  }

  instantiate(state: HostState): Instance<HostState> {
    this.#services ??= state.services;
    const instance = this.#linked.instantiate(state);
    const reset = instance.reset.bind(instance);
    instance.reset = (): boolean => {
      const from = performance.now();
      const isReset = reset();
      if (isReset) this.resets.push(performance.now() - from);
      return isReset;
    };
    return instance;
  }

  /** The time of new instances, one after another. */
  timeNew(): number[] {
    const services = this.#services;
    if (services === undefined) throw new Error("Cannot measure: there was no instance");
    return Array.from({ length: INSTANCES }, () => {
      const from = performance.now();
      const state = new HostState(services, { deadlineMs: from + START_MS, computeMs: START_MS });
      const instance = this.#linked.instantiate(state);
      const ms = performance.now() - from;
      this.memoryBytes = instance.memoryBytes();
      instance.dispose();
      return ms;
    });
  }
}

function timesOfCopies(bytes: number): number[] {
  const [source, target] = [new Uint8Array(bytes).fill(1), new Uint8Array(bytes)];
  return Array.from({ length: 100 }, () => {
    const from = performance.now();
    target.set(source);
    return performance.now() - from;
  });
}

function line(guest: string, what: string, times: readonly number[], copies: readonly number[]): string {
  const [p50, p99, copy] = [at(times, 0.5), at(times, 0.99), at(copies, 0.5)].map((ms) => ms.toFixed(4).padStart(10));
  return `${guest.padEnd(12)}${what.padEnd(12)}${p50}${p99}${copy}\n`;
}

function at(times: readonly number[], part: number): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length * part)] ?? Number.NaN;
}

process.stdout.write("guest       what           p50 ms    p99 ms   copy of its memory, p50 ms\n");
for (const guest of guests) process.stdout.write(await linesOf(guest));
