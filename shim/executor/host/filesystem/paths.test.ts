import { expect } from "chai";
import { describe, it } from "mocha";
import { openInFolder, splitPath } from "./paths.ts";

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function throwing(code: string): () => never {
  return () => {
    throw failing(code);
  };
}

describe("splitPath()", () => {
  for (const [path, parent, name] of [
    ["a", ".", "a"],
    ["a/b", "a", "b"],
    ["a/b//", "a", "b/"],
    ["a/", ".", "a/"],
    ["../a/b", "../a", "b"],
    ["./a", ".", "a"],
    ["a//b", "a/", "b"],
    [".", ".", "."],
    ["..", "..", "."],
    ["a/./", "a/.", "."],
    ["a/../", "a/..", "."],
  ] as const) {
    it(`splits ${path}`, () => {
      expect(splitPath(path)).to.deep.equal({ parent, name });
    });
  }

  for (const [path, code] of [
    ["", "no-entry"],
    ["/a", "not-permitted"],
    ["/", "not-permitted"],
    ["a\0b", "invalid"],
  ] as const) {
    it(`refuses ${JSON.stringify(path)}`, () => {
      expect(() => splitPath(path)).to.throw(code);
    });
  }
});

describe("openInFolder()", () => {
  it("tries again while folders of the path are moved, and not for ever", () => {
    let tries = 0;
    const opened = openInFolder(
      () => {
        tries += 1;
        if (tries < 5) throw failing("EAGAIN");
        return 7;
      },
      { folderFd: 3, path: "a" },
      0,
    );
    expect([opened, tries]).to.deep.equal([7, 5]);
    expect(() => openInFolder(throwing("EAGAIN"), { folderFd: 3, path: "a" }, 0)).to.throw("EAGAIN");
  });

  it("does not permit what leads out of the folder, and asks nobody about zero bytes", () => {
    expect(() => openInFolder(throwing("EXDEV"), { folderFd: 3, path: "../a" }, 0)).to.throw("not-permitted");
    expect(() => openInFolder(() => 1, { folderFd: 3, path: "a\0" }, 0)).to.throw("invalid");
  });
});
