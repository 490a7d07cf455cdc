import { expect } from "chai";
import { describe, it } from "mocha";
import { eventOf, seriesKey, seriesPatch, type Occurrence } from "./event.ts";

const TIME = new Date("2026-11-24T12:00:00Z");
const REPORTER = { controller: "rcm-manager", instance: "pod-1" };
const FAILED: Occurrence = {
  regarding: { apiVersion: "v1", kind: "Node", name: "n1", uid: "u" },
  type: "Warning",
  reason: "FetchFailed",
  action: "Fetch",
  note: "Cannot fetch",
};

describe("eventOf()", () => {
  it("puts Events about objects without a namespace where the API wants them", () => {
    expect(eventOf(FAILED, REPORTER, TIME).metadata?.namespace).to.equal("default");
    const regarding = { ...FAILED.regarding, namespace: "apps" };
    expect(eventOf({ ...FAILED, regarding }, REPORTER, TIME).metadata?.namespace).to.equal("apps");
  });

  it("names different series differently, and never too long", () => {
    const other = { ...FAILED, note: "Cannot fetch either" };
    const long = { ...FAILED, regarding: { ...FAILED.regarding, name: "x".repeat(253) } };
    const names = [FAILED, other, long].map((occurrence) => eventOf(occurrence, REPORTER, TIME).metadata?.name ?? "");
    expect(new Set(names).size).to.equal(3);
    expect(Math.max(...names.map(({ length }) => length))).to.be.at.most(253);
  });

  it("cuts a long note between two characters", () => {
    const { note } = eventOf({ ...FAILED, note: `x${"é".repeat(1000)}` }, REPORTER, TIME);
    expect(Buffer.byteLength(note)).to.be.within(1020, 1024);
    expect(note).to.match(/^xé+…$/);
  });
});

describe("seriesKey()", () => {
  it("tells apart objects that had the same name", () => {
    const reborn = { ...FAILED, regarding: { ...FAILED.regarding, uid: "v" } };
    expect(seriesKey(FAILED)).to.equal(seriesKey({ ...FAILED }));
    expect(seriesKey(FAILED)).to.not.equal(seriesKey(reborn));
  });
});

describe("seriesPatch()", () => {
  it("has microseconds, as the API wants", () => {
    expect(seriesPatch(2, TIME)).to.deep.equal({
      series: { count: 2, lastObservedTime: "2026-11-24T12:00:00.000000Z" },
    });
  });
});
