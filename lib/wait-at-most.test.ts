import { expect } from "chai";
import { describe, it } from "mocha";
import { waitAtMost } from "./wait-at-most.ts";

const LONG_MS = 60_000;
const NEVER = new AbortController().signal;

describe("waitAtMost()", () => {
  for (const [what, ms, work, signal] of [
    ["the work has succeeded", LONG_MS, Promise.resolve("done"), NEVER],
    ["time is up", 1, new Promise(() => undefined), NEVER],
    ["nobody waits any more", LONG_MS, new Promise(() => undefined), AbortSignal.abort()],
  ] as const) {
    it(`returns when ${what}`, async () => {
      await waitAtMost(ms, work, signal);
    });
  }

  it("throws what the work does", async () => {
    const error = await waitAtMost(LONG_MS, Promise.reject(new Error("no")), NEVER).catch(String);
    expect(error).to.equal("Error: no");
  });
});
