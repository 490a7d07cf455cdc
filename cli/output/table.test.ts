import { expect } from "chai";
import { describe, it } from "mocha";
import { tableOf } from "./table.ts";

describe("tableOf()", () => {
  it("makes columns as wide as their widest cell, without blanks at the end", () => {
    const rows = [
      ["NAME", "READY"],
      ["a-long-name", "1/1"],
      ["b", ""],
    ];
    expect(tableOf(rows)).to.equal("NAME          READY\na-long-name   1/1\nb\n");
  });

  it("is empty without rows", () => expect(tableOf([])).to.equal(""));

  it("takes more rows than a function takes arguments", () => {
    const rows = Array.from({ length: 200_000 }, () => ["apps", "hello"]);
    expect(tableOf([["NAMESPACE", "NAME"], ...rows]).split("\n", 2)).to.deep.equal([
      "NAMESPACE   NAME",
      "apps        hello",
    ]);
  });
});
