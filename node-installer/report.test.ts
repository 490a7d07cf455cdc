import { REPORT_MAX_BYTES } from "@rcm/lib/install-job";
import type { InstallReport } from "@rcm/lib/install-job";
import { expect } from "chai";
import { describe, it } from "mocha";
import { InstallError } from "./errors.ts";
import { failureReport, reasonOf, reportText } from "./report.ts";

const BASE = { operation: "install", hash: "h", durationMs: 1 } as const;

describe("reasonOf()", () => {
  const CASES: readonly (readonly [string, unknown, string])[] = [
    ["an error of ours", new InstallError("DiskFull", "x"), "DiskFull"],
    ["a stop from outside", new DOMException("Stopped", "AbortError"), "Interrupted"],
    ["a deadline", new DOMException("Late", "TimeoutError"), "Interrupted"],
    ["anything else", new TypeError("x"), "InternalError"],
    ["no error at all", "x", "InternalError"],
  ];
  for (const [what, error, reason] of CASES) {
    it(`says ${reason} for ${what}`, () => {
      expect(reasonOf(error)).to.equal(reason);
    });
  }
});

describe("failureReport()", () => {
  it("has the messages of the causes too", () => {
    const error = new InstallError("DiskFull", "Cannot write", { cause: new Error("ENOSPC") });
    expect(failureReport(BASE, error)).to.include({ ok: false, reason: "DiskFull", message: "Cannot write: ENOSPC" });
  });
});

describe("reportText()", () => {
  const users = Array.from({ length: 20 }, (_, at) => `${"n".repeat(60)}/${"p".repeat(60)}-${at}`);
  const reports: readonly InstallReport[] = [
    failureReport(BASE, new Error("short")),
    failureReport(BASE, new Error("ä".repeat(10_000))),
    { ...failureReport(BASE, new Error("x".repeat(10_000))), users },
  ];
  for (const report of reports) {
    it(`fits a termination message with ${report.message.length} characters and ${report.users?.length ?? 0} users`, () => {
      const text = reportText(report);
      expect(Buffer.byteLength(text)).to.be.at.most(REPORT_MAX_BYTES);
      expect((JSON.parse(text) as InstallReport).reason).to.equal("InternalError");
    });
  }
});
