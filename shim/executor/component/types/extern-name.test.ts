import { expect } from "chai";
import { lineOf, withoutVersion } from "./extern-name.ts";

describe("withoutVersion()", () => {
  it("cuts the version off", () => {
    expect(withoutVersion("wasi:io/streams@0.2.0")).to.equal("wasi:io/streams");
    expect(withoutVersion("plain")).to.equal("plain");
  });
});

describe("lineOf()", () => {
  const cases: readonly (readonly [name: string, line: string])[] = [
    ["wasi:io/streams@0.2.12", "wasi:io/streams@0.2"],
    ["spin:sqlite/sqlite@3.1.0", "spin:sqlite/sqlite@3"],
    ["a:b/c@0.0.7", "a:b/c@0.0.7"],
    ["a:b/c@1.2.3+build", "a:b/c@1"],
    ["wasi:keyvalue/store@0.2.0-draft2", "wasi:keyvalue/store@0.2.0-draft2"],
    ["fermyon:spin/sqlite", "fermyon:spin/sqlite"],
  ];
  for (const [name, line] of cases) {
    it(`puts ${name} into ${line}`, () => {
      expect(lineOf(name)).to.equal(line);
    });
  }
});
