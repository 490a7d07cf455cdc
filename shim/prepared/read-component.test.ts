import { createHash, randomBytes } from "node:crypto";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { digestOf } from "./read-component.ts";

describe("digestOf()", () => {
  let folder: string;
  let fd: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "digest-"));
    fd = openSync(join(folder, "file"), "w+");
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  it("is that of all of the file, which comes in pieces", async () => {
    const bytes = randomBytes(3_000_001);
    writeSync(fd, bytes);
    const pieces: Buffer[] = [];
    const digest = await digestOf(fd, AbortSignal.timeout(5000), (chunk) => void pieces.push(Buffer.from(chunk)));
    expect(digest).to.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
    expect(pieces.length).to.be.greaterThan(1);
    expect(Buffer.concat(pieces).equals(bytes)).to.equal(true);
  });

  for (const size of [0, 1, 32 * 1024, 32 * 1024 + 1]) {
    it(`is that of ${size} bytes`, async () => {
      const bytes = randomBytes(size);
      writeSync(fd, bytes);
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      expect(await digestOf(fd, AbortSignal.timeout(5000))).to.equal(digest);
    });
  }

  it("does not read what is too large, nor beyond its time", async () => {
    ftruncateSync(fd, 256 * 1024 * 1024 + 1);
    expect(await digestOf(fd, AbortSignal.timeout(5000))).to.equal(undefined);
    ftruncateSync(fd, 1);
    const failure = await digestOf(fd, AbortSignal.abort(new Error("late"))).catch(String);
    expect(failure).to.equal("Error: late");
  });
});
