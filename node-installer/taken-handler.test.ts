import { expect } from "chai";
import { describe, it } from "mocha";
import { InstallError } from "./errors.ts";
import { EMPTY_RECORD, type HostRecord, type ShimRecord } from "./record.ts";
import { isTaken, refuseTaken } from "./taken-handler.ts";

const ENTRY: Omit<ShimRecord, "handler"> = {
  uid: "1",
  hash: "h",
  digest: "d",
  source: undefined,
  options: {},
  level: "Proven",
  installedAt: "2026-11-27T00:00:00Z",
};

function recordOf(handlers: Readonly<Record<string, string>>): HostRecord {
  const shims = Object.entries(handlers).map(([shim, handler]) => [shim, { ...ENTRY, handler }] as const);
  return { ...EMPTY_RECORD, shims: Object.fromEntries(shims) };
}

describe("refuseTaken()", () => {
  for (const [what, handlers] of [
    ["on a host without shims", {}],
    ["again", { a: "one" }],
    ["beside a shim with another handler", { b: "two" }],
  ] as const) {
    it(`lets a shim have its handler ${what}`, () => {
      refuseTaken(recordOf(handlers), { shim: "a", handler: "one" });
    });
  }

  it("refuses a handler that another shim has, and names both", () => {
    expect(() => {
      refuseTaken(recordOf({ b: "one" }), { shim: "a", handler: "one" });
    })
      .to.throw(InstallError, 'Cannot add the handler "one" for shim "a": shim "b" has it on this host')
      .with.property("code", "HandlerConflict");
  });

  it("refuses a shim a second handler, of which the first would stay for ever", () => {
    expect(() => {
      refuseTaken(recordOf({ a: "one" }), { shim: "a", handler: "two" });
    })
      .to.throw(InstallError, 'which has the handler "one" on this host')
      .with.property("code", "HandlerConflict");
  });
});

describe("isTaken()", () => {
  it("says whose a handler is", () => {
    const record = recordOf({ a: "one", b: "two" });
    expect(isTaken(record, { shim: "a", handler: "one" })).to.equal(false);
    expect(isTaken(record, { shim: "c", handler: "one" })).to.equal(true);
    expect(isTaken(record, { shim: "c", handler: "none" })).to.equal(false);
  });
});
