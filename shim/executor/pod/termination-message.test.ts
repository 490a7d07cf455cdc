import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { writeTerminationMessage } from "./termination-message.ts";

describe("writeTerminationMessage()", () => {
  let folder = "";
  let path = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "termination-"));
    path = join(folder, "termination-log");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("replaces what is in the file", () => {
    writeFileSync(path, "what the guest has written, and more");
    writeTerminationMessage("Cannot read the component", path);
    expect(readFileSync(path, "utf8")).to.equal("Cannot read the component");
  });

  it("writes no more than the kubelet reads", () => {
    writeFileSync(path, "");
    writeTerminationMessage("x".repeat(10_000), path);
    expect(readFileSync(path, "utf8")).to.equal("x".repeat(4096));
  });

  it("makes no file, and follows no link", () => {
    writeTerminationMessage("message", path);
    expect(existsSync(path)).to.equal(false);
    const other = join(folder, "other");
    writeFileSync(other, "kept");
    symlinkSync(other, path);
    writeTerminationMessage("message", path);
    expect(readFileSync(other, "utf8")).to.equal("kept");
  });
});
