import { expect } from "chai";
import { describe, it } from "mocha";
import { preparedPaths } from "./prepared-paths.ts";

describe("preparedPaths()", () => {
  for (const [title, text, expected] of [
    ["nothing", undefined, []],
    ["no paths", "", []],
    ["one path", "/prepared/aa", [["sha256:aa", "/prepared/aa"]]],
    [
      "several, in their order",
      "/prepared/bb:/prepared/aa",
      [
        ["sha256:bb", "/prepared/bb"],
        ["sha256:aa", "/prepared/aa"],
      ],
    ],
  ] as const) {
    it(`finds the components of ${title}`, () => {
      expect([...preparedPaths(text)]).to.deep.equal(expected);
    });
  }
});
