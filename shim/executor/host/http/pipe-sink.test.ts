import { expect } from "chai";
import { describe, it } from "mocha";
import { PipeSink } from "./pipe-sink.ts";

describe("PipeSink", () => {
  it("wakes all who wait for room, also when one of them does not wait any more from then on", () => {
    const sink = new PipeSink();
    const woken: string[] = [];
    const remove = sink.onDrain(() => {
      woken.push("first");
      remove();
      remove();
    });
    sink.onDrain(() => woken.push("second"));
    sink.stream.read();
    sink.write(Buffer.from("a"));
    sink.stream.read();
    expect(woken).to.include("second");
    expect(woken.filter((name) => name === "first")).to.deep.equal(["first"]);
    expect(woken.filter((name) => name === "second").length).to.be.greaterThan(1);
  });
});
