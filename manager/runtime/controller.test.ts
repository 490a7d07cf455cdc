import { once } from "node:events";
import type { Log } from "@rcm/lib/log";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { Outcome } from "../outcome.ts";
import { Controller, type ControllerOptions, type ReconcileRecord } from "./controller.ts";

const DONE: Outcome = { kind: "done" };

interface Bench {
  readonly controller: Controller;
  readonly records: ReconcileRecord[];
  readonly lines: (readonly [message: string, fields: Readonly<Record<string, unknown>> | undefined])[];
  readonly stop: AbortController;
  readonly kill: AbortController;
  run(): Promise<void>;
}

/** A controller that stops by itself after `runs` reconciles. */
function benchOf(
  runs: number,
  reconcile: ControllerOptions["reconcile"],
  options: Partial<ControllerOptions> = {},
): Bench {
  const [records, lines]: [Bench["records"], Bench["lines"]] = [[], []];
  const [stop, kill] = [new AbortController(), new AbortController()];
  function keep(message: string, fields?: Readonly<Record<string, unknown>>): void {
    lines.push([message, fields]);
  }
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  function onReconcile(record: ReconcileRecord): void {
    records.push(record);
    if (records.length === runs) stop.abort();
  }
  const backoff = { baseMs: 1, maxMs: 2 };
  const controller = new Controller({ name: "test", backoff, ...options, reconcile, log, onReconcile });
  return { controller, records, lines, stop, kill, run: async () => controller.run(stop.signal, kill.signal) };
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw new Error("Aborted");
}

describe("Controller", () => {
  it("reconciles every key, also those that were added before it ran", async () => {
    const keys: string[] = [];
    const bench = benchOf(3, async (key) => {
      keys.push(key);
      return Promise.resolve(DONE);
    });
    for (const key of ["a", "b", "a", "c"]) bench.controller.add(key);
    await bench.run();
    expect(keys.toSorted()).to.deep.equal(["a", "b", "c"]);
  });

  it("retries what throws, and logs why with the key", async () => {
    let failures = 0;
    const bench = benchOf(3, async () => {
      failures += 1;
      if (failures < 3) throw new Error("Outer", { cause: new Error("inner") });
      return Promise.resolve(DONE);
    });
    bench.controller.add("a");
    await bench.run();
    expect(bench.records.map(({ result }) => result)).to.deep.equal(["error", "error", "done"]);
    const [message, fields] = bench.lines[0] ?? [];
    expect(message).to.equal("Reconcile failed");
    expect(fields).to.include({ controller: "test", key: "a", problem: "Outer: inner" });
  });

  it("comes back to what waits, and leaves alone what stalls", async () => {
    const outcomes: Outcome[] = [
      { kind: "wait", afterMs: 1, reason: "JobRuns" },
      { kind: "stalled", reason: "Bad", message: "Never" },
    ];
    const bench = benchOf(2, async () => Promise.resolve(outcomes.shift() ?? DONE));
    bench.controller.add("a");
    await bench.run();
    expect(bench.records.map(({ result }) => result)).to.deep.equal(["wait", "stalled"]);
    expect([bench.controller.depth, outcomes.length]).to.deep.equal([0, 0]);
  });

  it("works on several keys at once, but never twice on one", async () => {
    let [now, most] = [0, 0];
    const together = Promise.withResolvers<undefined>();
    const bench = benchOf(
      3,
      async () => {
        now += 1;
        most = Math.max(most, now);
        if (now === 3) together.resolve(undefined);
        await together.promise;
        now -= 1;
        return DONE;
      },
      { concurrency: 3 },
    );
    for (const key of ["a", "b", "c", "a"]) bench.controller.add(key);
    await bench.run();
    expect(most).to.equal(3);
  });

  it("aborts a reconcile that takes too long, and tries again", async () => {
    const bench = benchOf(2, async (_key, signal) => untilAborted(signal), { timeoutMs: 5 });
    bench.controller.add("a");
    await bench.run();
    expect(bench.records.map(({ result }) => result)).to.deep.equal(["error", "error"]);
    expect(bench.lines[0]?.[1]).to.include({ problem: 'Cannot reconcile test "a": not done within 5 ms' });
  });

  it("lets what runs come to its end when it is stopped, and starts nothing more", async () => {
    const started: string[] = [];
    const bench = benchOf(
      99,
      async (key, signal) => {
        started.push(key);
        bench.stop.abort();
        await Promise.resolve();
        expect(signal.aborted).to.equal(false);
        return DONE;
      },
      { concurrency: 1 },
    );
    for (const key of ["a", "b"]) bench.controller.add(key);
    await bench.run();
    expect(started).to.deep.equal(["a"]);
    expect(bench.records.map(({ result }) => result)).to.deep.equal(["done"]);
  });

  it("does not wait for ever for what runs", async () => {
    const bench = benchOf(
      99,
      async (_key, signal) => {
        bench.stop.abort();
        return untilAborted(signal);
      },
      { drainMs: 1 },
    );
    bench.controller.add("a");
    await bench.run();
    expect(bench.records.map(({ result }) => result)).to.deep.equal(["canceled"]);
  });

  it("aborts what runs at once when the lease is lost", async () => {
    const lost = new Error("Lease lost");
    let seen: unknown;
    const bench = benchOf(99, async (_key, signal) => {
      bench.kill.abort(lost);
      seen = signal.reason;
      return untilAborted(signal);
    });
    bench.controller.add("a");
    await bench.run();
    expect(seen).to.equal(lost);
    expect(bench.lines).to.deep.equal([]);
  });

  it("returns at once when it was stopped before", async () => {
    const bench = benchOf(99, async () => Promise.resolve(DONE));
    bench.kill.abort(new Error("Lease lost"));
    bench.controller.add("a");
    await bench.run();
    expect(bench.records).to.deep.equal([]);
  });
});
