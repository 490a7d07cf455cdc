import { expect } from "chai";
import { describe, it } from "mocha";
import { isGlob, matchesGlob, parseGlob } from "./glob.ts";

describe("matchesGlob()", () => {
  for (const [pattern, path, expected] of [
    ["a.txt", "a.txt", true],
    ["a.txt", "a_txt", false],
    ["a.txt", "a.txt2", false],
    ["*.txt", "a.txt", true],
    ["*.txt", ".txt", true],
    ["*.txt", "b/a.txt", false],
    ["*", ".hidden", true],
    ["a*c*e", "abcde", true],
    ["a*c*e", "abcdf", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["a?c", "aäc", true],
    ["a?c", "a😀c", true],
    ["**/*", "a", true],
    ["**/*", "a/b/c", true],
    ["**/*.js", "a/b/c.js", true],
    ["**/*.js", "c.js", true],
    ["**/*.js", "a/b.jsx", false],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**/b", "a/xb", false],
    ["a/**/b", "ab", false],
    ["a/**", "a/x/y", true],
    ["a/**", "b/x", false],
    ["**", "a/b", true],
    ["[a-c]x", "bx", true],
    ["[a-c]x", "dx", false],
    ["[!a-c]x", "dx", true],
    ["[!a-c]x", "ax", false],
    ["[]]x", "]x", true],
    ["[a-]x", "-x", true],
    ["[!a]", "/", false],
    ["[*]", "*", true],
    ["{a,b}", "a", false],
  ] as const) {
    it(`says ${String(expected)} to ${path} for ${pattern}`, () => {
      const glob = parseGlob(pattern);
      expect(glob !== undefined && matchesGlob(glob, path, "one-folder")).to.equal(expected);
    });
  }

  for (const [pattern, path, expected] of [
    ["secrets/*", "secrets/a/b", true],
    ["*.map", "a/b.map", true],
    ["**/*.map", "a/b.map", true],
    ["a?b", "a/b", true],
    ["secrets/*", "other/secrets/a", false],
  ] as const) {
    it(`says ${String(expected)} to ${path} for ${pattern} that goes through folders`, () => {
      expect(matchesGlob(parseGlob(pattern) ?? [], path, "all-folders")).to.equal(expected);
    });
  }

  it("takes no time worth mentioning for a pattern made to take long", () => {
    const glob = parseGlob("*a".repeat(500)) ?? [];
    expect(matchesGlob(glob, `${"a".repeat(2000)}b`, "one-folder")).to.equal(false);
  });
});

describe("parseGlob()", () => {
  for (const pattern of ["[a", "[]", "[!]", "a**", "**a", "***"]) {
    it(`does not take ${pattern}`, () => {
      expect(parseGlob(pattern)).to.equal(undefined);
    });
  }
});

describe("isGlob()", () => {
  for (const [text, expected] of [
    ["a/b.txt", false],
    ["a{b}", false],
    ["*", true],
    ["a?", true],
    ["[a]", true],
  ] as const) {
    it(`says ${String(expected)} to ${text}`, () => {
      expect(isGlob(text)).to.equal(expected);
    });
  }
});
