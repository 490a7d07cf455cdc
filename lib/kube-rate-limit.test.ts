import { expect } from "chai";
import { describe, it } from "mocha";
import { TokenBucket, waitForTurn } from "./kube-rate-limit.ts";

describe("TokenBucket", () => {
  it("lets a burst through at once and the rest at its rate", () => {
    const bucket = new TokenBucket({ qps: 10, burst: 3 });
    expect([0, 0, 0, 0, 0].map((now) => bucket.take(now))).to.deep.equal([0, 0, 0, 100, 200]);
  });

  it("is full again after a quiet time, and no fuller than that", () => {
    const bucket = new TokenBucket({ qps: 10, burst: 2 });
    for (const now of [0, 0, 0]) bucket.take(now);
    expect([10_000, 10_000, 10_000].map((now) => bucket.take(now))).to.deep.equal([0, 0, 100]);
  });

  it("takes back what was not used", () => {
    const bucket = new TokenBucket({ qps: 10, burst: 1 });
    bucket.take(0);
    expect(bucket.take(0)).to.equal(100);
    bucket.giveBack();
    expect(bucket.take(0)).to.equal(100);
  });
});

describe("waitForTurn()", () => {
  it("rejects with the reason of the signal, and gives its turn back", async () => {
    const bucket = new TokenBucket({ qps: 0.001, burst: 1 });
    await waitForTurn(bucket, new AbortController().signal);
    const stop = new AbortController();
    const waiting = waitForTurn(bucket, stop.signal).catch((error: unknown) => error);
    const reason = new Error("Enough");
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(bucket.take(performance.now())).to.be.within(900_000, 1_000_000);
  });
});
