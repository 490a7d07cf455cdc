import { once } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import { withDeadline } from "./deadline.ts";

async function never(signal: AbortSignal): Promise<never> {
  await once(signal, "abort");
  throw new Error("What the work made of it");
}

describe("withDeadline()", () => {
  const open = new AbortController().signal;
  const late = new Error("Late");

  async function reasonOf(
    ms: number,
    work: (signal: AbortSignal) => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    return withDeadline({ ms, expired: () => late }, work, signal).catch((error: unknown) => error);
  }

  it("returns what the work returns", async () => {
    expect(await reasonOf(60_000, async () => Promise.resolve(1), open)).to.equal(1);
  });

  it("throws its own error when the time is over, whatever the work throws", async () => {
    expect(await reasonOf(1, never, open)).to.equal(late);
  });

  it("throws the caller's reason when the caller aborts, now or before", async () => {
    const reason = new Error("Enough");
    const stop = new AbortController();
    const waiting = reasonOf(60_000, never, stop.signal);
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(await reasonOf(60_000, never, stop.signal)).to.equal(reason);
  });

  it("lets the work's own error pass", async () => {
    const own = new Error("Own");
    expect(await reasonOf(60_000, async () => Promise.reject(own), open)).to.equal(own);
  });
});
