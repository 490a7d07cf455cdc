import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import { sendSignal } from "./signal.ts";

describe("sendSignal()", () => {
  it("sends a signal by number, and says when there is nobody to get it", async () => {
    const child = spawn("sleep", ["60"]);
    const exit = once(child, "exit");
    expect(sendSignal(child.pid ?? 0, 10)).to.equal(true);
    expect(await exit).to.deep.equal([null, "SIGUSR1"]);
    expect(sendSignal(child.pid ?? 0, 9)).to.equal(false);
  });

  for (const [pid, signal] of [
    [0, 9],
    [-1, 9],
    [1.5, 9],
    [process.pid, 65],
    [process.pid, -1],
  ] as const) {
    it(`refuses signal ${signal} for process ${pid}`, () => {
      expect(() => sendSignal(pid, signal))
        .to.throw(`signal ${signal} to process ${pid}`)
        .with.property("code", "EINVAL");
    });
  }
});
