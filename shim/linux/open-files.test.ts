import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { openFilesLimit, withOpenFilesLimit } from "./open-files.ts";

describe("withOpenFilesLimit()", () => {
  it("gives a child the soft limit, with the hard one as it was, and has its own back", () => {
    const before = limits();
    const [soft, hard] = withOpenFilesLimit(900, limits);
    expect([soft, hard]).to.deep.equal(["900", before[1]]);
    expect(limits()).to.deep.equal(before);
  });

  it("lets a process start that has more files open than that", () => {
    const files = Array.from({ length: 300 }, () => openSync("/dev/null", "r"));
    const [soft] = withOpenFilesLimit(100, limits);
    for (const file of files) closeSync(file);
    expect(Number(soft)).to.be.greaterThan(300);
  });

  it("has its own back where the start fails", () => {
    const before = openFilesLimit(process.pid);
    const reason = new Error("no");
    function failing(): void {
      throw reason;
    }
    expect(() => {
      withOpenFilesLimit(256, failing);
    }).to.throw(reason);
    expect(openFilesLimit(process.pid)).to.equal(before);
  });
});

describe("openFilesLimit()", () => {
  it("knows the limit of another process", () => {
    expect(openFilesLimit(process.ppid)).to.be.greaterThan(0);
  });

  it("knows none of a process that is not there", () => {
    expect(openFilesLimit(2 ** 22 + 1)).to.equal(undefined);
  });
});

/** Of a process that is started now. */
function limits(): readonly string[] {
  return spawnSync("/bin/sh", ["-c", "ulimit -Sn; ulimit -Hn"], { encoding: "utf8" }).stdout.trim().split("\n");
}
