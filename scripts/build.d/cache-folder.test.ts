import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { replaceFolder } from "./cache-folder.ts";

describe("replaceFolder()", () => {
  let base = "";
  let folder = "";
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "rcm-cache-folder-"));
    folder = join(base, "cache/thing");
  });
  afterEach(async () => {
    await rm(base, { recursive: true });
  });

  async function content(): Promise<string> {
    return readFile(join(folder, "file"), "utf8");
  }

  it("makes a folder, and leaves nothing beside it", async () => {
    await replaceFolder(folder, filling("one"), never);
    expect(await content()).to.equal("one");
    expect(await readdir(join(base, "cache"))).to.deep.equal(["thing"]);
  });

  it("puts another in the place of one that will not do", async () => {
    await replaceFolder(folder, filling("one"), never);
    await replaceFolder(folder, filling("two"), never);
    expect(await content()).to.equal("two");
    expect(await readdir(join(base, "cache"))).to.deep.equal(["thing"]);
  });

  it("leaves alone what another build has made meanwhile, for that may be reading it", async () => {
    const read: string[] = [];
    async function whileFaster(work: string): Promise<void> {
      await filling("slow")(work);
      await replaceFolder(folder, filling("fast"), never);
      read.push(await content());
    }
    await replaceFolder(folder, whileFaster, always);
    expect([...read, await content()]).to.deep.equal(["fast", "fast"]);
    expect(await readdir(join(base, "cache"))).to.deep.equal(["thing"]);
  });

  it("leaves nothing if it cannot be filled", async () => {
    await mkdir(join(base, "cache"));
    const failure = await replaceFolder(folder, async () => Promise.reject(new Error("no")), never).catch(String);
    expect(failure).to.equal("Error: no");
    expect(await readdir(join(base, "cache"))).to.deep.equal([]);
  });
});

async function always(): Promise<boolean> {
  return Promise.resolve(true);
}

async function never(): Promise<boolean> {
  return Promise.resolve(false);
}

function filling(text: string): (work: string) => Promise<void> {
  return async (work) => writeFile(join(work, "file"), text);
}
