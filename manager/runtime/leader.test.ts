import { expect } from "chai";
import { describe, it } from "mocha";
import { runAsLeader, type ElectionOptions } from "./leader.ts";

async function unreachable(): Promise<never> {
  return Promise.reject(new Error("Must not be asked"));
}

function drop(): void {
  // Nothing to see.
}

const ELECTION: ElectionOptions = {
  kube: { get: unreachable, create: unreachable, update: unreachable },
  namespace: "n",
  name: "l",
  identity: "me",
  log: { debug: drop, info: drop, warn: drop, error: drop },
};

describe("runAsLeader()", () => {
  const times = [{ leaseMs: 10_000 }, { renewDeadlineMs: 2000 }, { retryMs: 0 }, { retryMs: 9000 }];
  for (const wrong of times) {
    it(`refuses ${JSON.stringify(wrong)}`, async () => {
      const run = runAsLeader({ ...ELECTION, ...wrong }, unreachable, new AbortController().signal);
      expect(await run.catch((error: unknown) => error)).to.include({ code: "INVALID_TIMES" });
    });
  }

  it("returns without leading when it is stopped before", async () => {
    let hasLed = false;
    await runAsLeader(
      ELECTION,
      async () => {
        hasLed = true;
        return Promise.resolve();
      },
      AbortSignal.abort(),
    );
    expect(hasLed).to.equal(false);
  });
});
