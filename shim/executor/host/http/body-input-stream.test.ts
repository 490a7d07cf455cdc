import { expect } from "chai";
import { describe, it } from "mocha";
import { BytesInputStream } from "../io/input-stream.ts";
import { BodyInputStream } from "./body-input-stream.ts";

describe("BodyInputStream", () => {
  it("gives what is within its limit", () => {
    const body = new BodyInputStream(new BytesInputStream(Buffer.from("abc")), 3, "HTTP-request-body-size");
    expect(body.take(10)).to.deep.equal(new Uint8Array(Buffer.from("abc")));
    expect(body.take(10)).to.deep.equal({ tag: "closed" });
  });

  it("fails when it is longer, and says so once", () => {
    const body = new BodyInputStream(new BytesInputStream(Buffer.from("abcd")), 3, "HTTP-response-body-size");
    expect(body.take(2)).to.have.length(2);
    expect(body.take(2))
      .to.have.nested.property("val.code")
      .that.deep.equals({ tag: "HTTP-response-body-size", val: 3n });
    expect(body.take(2)).to.deep.equal({ tag: "closed" });
    expect(body.isReady()).to.equal(true);
  });
});
