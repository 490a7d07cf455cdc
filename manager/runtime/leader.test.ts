import { once } from "node:events";
import { KubeError } from "@rcm/lib/kube";
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

  it("knows at its deadline that the lease is lost, also when the last attempt has not been answered", async () => {
    const lease = { metadata: { namespace: "n", name: "l", resourceVersion: "1" } };
    const kube: ElectionOptions["kube"] = {
      // The first read finds no lease; those after the failed renewal are never answered.
      get: async (_resource, _ref, signal) => {
        if (renewedMs === 0) throw new KubeError("NotFound", "No lease");
        await once(signal, "abort");
        throw signal.reason;
      },
      create: async <T>(_resource: unknown, object: object) => {
        renewedMs = performance.now();
        return Promise.resolve({ ...object, ...lease } as T);
      },
      update: unreachable,
    };
    let renewedMs = 0;
    const quick = { leaseMs: 3000, renewDeadlineMs: 2000, retryMs: 300 };
    let lostMs = 0;
    const run = runAsLeader(
      { ...ELECTION, kube, ...quick },
      async ({ signal }) => {
        await once(signal, "abort");
        lostMs = performance.now();
      },
      new AbortController().signal,
    );
    expect(await run.catch((error: unknown) => error)).to.include({ code: "RENEW_TIMEOUT" });
    // Attempts begin after 0.3, 0.6 and 1.9 s, and one alone may take 1 s: the last would end after 2.9 s.
    expect(lostMs - renewedMs).to.be.within(1900, 2850);
  });
});
