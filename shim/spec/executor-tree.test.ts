import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { EXECUTOR_TREE } from "./executor-layout.ts";
import { makeTree } from "./executor-tree.ts";

describe("makeTree()", () => {
  let tree: string;
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), "tree-"));
  });
  afterEach(() => {
    rmSync(tree, { recursive: true });
  });

  it("makes places to mount things on, of which only /tmp is everybody's", () => {
    makeTree(tree, EXECUTOR_TREE, [
      { source: "/x", destination: "/program", kind: "file" },
      { source: "/y", destination: "/program.lib", kind: "folder" },
    ]);
    const modes = readdirSync(tree).map((name) => [name, (statSync(join(tree, name)).mode & 0o7777).toString(8)]);
    expect(Object.fromEntries(modes)).to.include({ tmp: "1777", guest: "755", etc: "755", program: "755" });
    expect(statSync(join(tree, "program.lib")).isDirectory()).to.equal(true);
    expect(readdirSync(join(tree, "etc"))).to.have.members(["hosts", "resolv.conf", "hostname"]);
  });
});
