import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleReport } from "./build-examples.ts";
import { parseReport } from "./install-report.ts";

describe("parseReport()", () => {
  it("reads a report with every field that the manager uses", () => {
    const report = exampleReport({ ok: false, reason: "DiskFull", level: "Loaded", outageMs: 0.5, rolledBack: true });
    expect(parseReport(JSON.stringify(report))).to.deep.equal(report);
  });

  it("reads a reason that this version does not know", () => {
    const text = JSON.stringify({ ...exampleReport({ ok: false }), reason: "FromAnotherVersion" });
    expect(parseReport(text)).to.include({ reason: "FromAnotherVersion" });
  });

  const hostile: readonly [field: string, value: unknown][] = [
    ["level", "Anything"], // Would become a state that the Shim's schema refuses, with all the rest of its status.
    ["outageMs", "long"], // Would become NaN, at which a histogram throws.
    ["outageMs", -1],
    ["restarts", -1],
    ["reason", "x".repeat(129)],
    ["digest", "x".repeat(129)],
    ["rolledBack", "yes"],
  ];
  for (const [field, value] of hostile) {
    it(`refuses ${field}: ${JSON.stringify(value).slice(0, 20)}`, () => {
      expect(parseReport(JSON.stringify({ ...exampleReport(), [field]: value }))).to.equal(undefined);
    });
  }
});
