import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import { expect } from "chai";
import { describe, it } from "mocha";
import { writeNamed } from "./write-named.ts";

describe("writeNamed()", () => {
  it("writes what its owner alone may read, unless told otherwise", async () => {
    const folder = await mkdtemp(join(tmpdir(), "write-"));
    const [own, shared] = [join(folder, "own"), join(folder, "shared")];
    writeNamed(own, "a");
    writeNamed(shared, Buffer.from("b"), 0o644);
    expect([await readFile(own, "utf8"), await readFile(shared, "utf8")]).to.deep.equal(["a", "b"]);
    expect([(await stat(own)).mode & 0o777, (await stat(shared)).mode & 0o777]).to.deep.equal([0o600, 0o644]);
    await rm(folder, { recursive: true });
  });

  for (const [path, code] of [
    ["/dev/full", "ENOSPC"],
    ["/proc/no/such", "ENOENT"],
  ] as const) {
    it(`names the file where it fails with ${code}`, () => {
      const error = failure(() => {
        writeNamed(path, "a");
      });
      expect(error).to.have.property("code", code);
      expect(messageOf(error)).to.match(new RegExp(`^Cannot write "${path}": ${code}: `));
    });
  }
});

function failure(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
