import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { filesByUse } from "./files-by-use.ts";

describe("filesByUse()", () => {
  it("gives the longest unused first", () => {
    const folder = mkdtempSync(join(tmpdir(), "rcm-use-"));
    try {
      for (const [name, seconds] of Object.entries({ new: 3000, old: 1000, middle: 2000 })) {
        writeFileSync(join(folder, name), name);
        utimesSync(join(folder, name), seconds, seconds);
      }
      const files = filesByUse(folder);
      expect(files.map(({ path, size, usedMs }) => [basename(path), size, usedMs])).to.deep.equal([
        ["old", 3, 1_000_000],
        ["middle", 6, 2_000_000],
        ["new", 3, 3_000_000],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
