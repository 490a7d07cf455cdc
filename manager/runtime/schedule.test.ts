import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { Schedule } from "./schedule.ts";

const BACKOFF = { baseMs: 100, maxMs: 1000 };

function scheduleOf(minIntervalMs = 0): Schedule {
  return new Schedule({ backoff: BACKOFF, minIntervalMs });
}

describe("Schedule", () => {
  it("has a key once, however often it is added", () => {
    const schedule = scheduleOf();
    for (const key of ["a", "b", "a", "a"]) schedule.add(key, 0);
    expect(schedule.waiting).to.equal(2);
    expect([schedule.start(0), schedule.start(0), schedule.start(0)]).to.have.members(["a", "b", undefined]);
    expect(schedule.waiting).to.equal(0);
  });

  it("lets the earliest time win", () => {
    const schedule = scheduleOf();
    schedule.add("a", 50);
    schedule.add("a", 20);
    schedule.add("a", 90);
    expect(schedule.nextDueMs()).to.equal(20);
    expect([schedule.start(19), schedule.start(20), schedule.start(100)]).to.deep.equal([undefined, "a", undefined]);
  });

  it("does not run a key twice at once, but again afterwards", () => {
    const schedule = scheduleOf();
    schedule.add("a", 0);
    schedule.start(0);
    schedule.add("a", 5);
    expect([schedule.start(10), schedule.waiting, schedule.nextDueMs()]).to.deep.equal([undefined, 1, undefined]);
    schedule.finish("a", 10);
    expect(schedule.start(10)).to.equal("a");
  });

  it("makes one run of what happens within the interval", () => {
    const schedule = scheduleOf(100);
    schedule.add("a", 0);
    schedule.start(0);
    schedule.add("a", 1);
    schedule.finish("a", 10);
    schedule.add("a", 20);
    expect([schedule.nextDueMs(), schedule.start(99), schedule.start(100)]).to.deep.equal([100, undefined, "a"]);
    schedule.finish("a", 110);
    schedule.add("a", 250);
    expect(schedule.start(250)).to.equal("a");
  });

  it("waits longer with each failure in a row, up to the cap, and starts anew after a success", () => {
    const schedule = scheduleOf();
    const delays = Array.from({ length: 6 }, () => schedule.retry("a", 0, 0.999_999));
    expect(delays).to.deep.equal([100, 200, 400, 800, 1000, 1000]);
    schedule.forget("a");
    expect(schedule.retry("a", 0, 0)).to.equal(50);
  });

  it("does not make a change wait for the retry of a failure", () => {
    const schedule = scheduleOf();
    schedule.retry("a", 0, 0);
    schedule.add("a", 1);
    expect(schedule.start(1)).to.equal("a");
  });

  it("loses no addition and never runs a key beside itself", () => {
    const step = fc.record({
      kind: fc.constantFrom("add" as const, "start" as const, "finish" as const),
      key: fc.constantFrom("a", "b", "c"),
      inMs: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(0, 30), (steps, minIntervalMs) => {
        const model = { schedule: scheduleOf(minIntervalMs), owed: new Set<string>(), running: new Set<string>() };
        for (const [now, { kind, key, inMs }] of steps.entries()) act(model, kind, key, { now, inMs });
        for (const key of model.running) model.schedule.finish(key, steps.length);
        model.running.clear();
        for (let taken = take(model, 10_000); taken !== undefined; taken = take(model, 10_000));
        expect([...model.owed]).to.deep.equal([]);
        expect(model.schedule.waiting).to.equal(0);
      }),
    );
  });
});

interface Model {
  readonly schedule: Schedule;
  /** Added since their last start. */
  readonly owed: Set<string>;
  readonly running: Set<string>;
}

function act(
  model: Model,
  kind: "add" | "start" | "finish",
  key: string,
  { now, inMs }: { readonly now: number; readonly inMs: number },
): void {
  if (kind === "add") {
    model.schedule.add(key, now + inMs);
    model.owed.add(key);
  } else if (kind === "start") {
    take(model, now);
  } else if (model.running.delete(key)) {
    model.schedule.finish(key, now);
  }
}

function take({ schedule, owed, running }: Model, now: number): string | undefined {
  const key = schedule.start(now);
  if (key === undefined) return undefined;
  expect(running.has(key)).to.equal(false);
  expect(owed.delete(key)).to.equal(true);
  running.add(key);
  return key;
}
