import { expect } from "chai";
import { describe, it } from "mocha";
import { shortenLowerDirs } from "./overlay-options.ts";

describe("shortenLowerDirs()", () => {
  it("takes out what all lower folders have in common, and leaves the other options", () => {
    const options = ["index=off", "workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/v/s/12/fs:/v/s/1/fs"];
    expect(shortenLowerDirs(options)).to.deep.equal({
      folder: "/v/s",
      options: ["index=off", "workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=12/fs:1/fs"],
    });
  });

  const untouched: readonly (readonly [string, readonly string[]])[] = [
    ["no lower folder", ["upperdir=/a"]],
    ["nothing in common", ["lowerdir=/a/b:/c/d"]],
    ["a colon in a path", ["lowerdir=/a/b/x\\:y:/a/b/z"]],
  ];
  for (const [name, options] of untouched) {
    it(`leaves ${name} alone`, () => {
      expect(shortenLowerDirs(options)).to.equal(undefined);
    });
  }

  it("keeps a path that is the start of another as a path", () => {
    expect(shortenLowerDirs(["lowerdir=/a/b/c:/a/b/c/d"])).to.deep.equal({
      folder: "/a/b",
      options: ["lowerdir=c:c/d"],
    });
  });

  it("takes a single lower folder apart into folder and name", () => {
    expect(shortenLowerDirs(["lowerdir=/a/b/c"])).to.deep.equal({ folder: "/a/b", options: ["lowerdir=c"] });
  });
});
