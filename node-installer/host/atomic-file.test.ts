import { mkdir, mkdtemp, open, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { makeFolder } from "./atomic-file.ts";

describe("makeFolder()", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "rcm-folder-"));
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it("makes what is missing, and nothing where all is there", async () => {
    for (const path of ["a/b/c", "a/b", "a/b/c"]) await makeFolder(join(root, path));
    expect(await readdir(root, { recursive: true })).to.have.members(["a", "a/b", "a/b/c"]);
  });

  it("fails below a file", async () => {
    await writeFile(join(root, "file"), "");
    expect(await failure(join(root, "file/a"))).to.include("ENOTDIR");
  });

  it("fails, and ends, in a folder that somebody deleted while it is mounted here", async () => {
    await mkdir(join(root, "mounted"));
    const folder = await open(join(root, "mounted")); // Leads there as a mount does.
    try {
      await rmdir(join(root, "mounted"));
      expect(await failure(`/proc/self/fd/${folder.fd}/a/b`)).to.include("ENOENT");
    } finally {
      await folder.close();
    }
  });
});

async function failure(path: string): Promise<string> {
  return makeFolder(path).then(
    () => expect.fail("It did not fail"),
    (reason: unknown) => String(reason),
  );
}
