import { expect } from "chai";
import { describe, it } from "mocha";
import { oneLine } from "./one-line.ts";

describe("oneLine()", () => {
  it("joins lines and leaves a short text whole", () => {
    expect(oneLine(" a\n\tb  c\r\n", 5)).to.equal("a b c");
  });

  it("says that it has cut a long text", () => {
    expect(oneLine("abcdef", 5)).to.equal("abcd…");
  });

  it("leaves no half of a character, which the API server would store as another", () => {
    const cut = oneLine("abc😀def", 5);
    expect(cut).to.equal(Buffer.from(cut).toString());
    expect(cut).to.equal("abc\u{FFFD}…");
    expect(oneLine("\uD83D", 5)).to.equal("\u{FFFD}");
  });
});
