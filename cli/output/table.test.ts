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
});
