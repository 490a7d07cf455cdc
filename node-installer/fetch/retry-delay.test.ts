import { expect } from "chai";
import { describe, it } from "mocha";
import { cannotFetch } from "./fetch-error.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { retryDelay } from "./retry-delay.ts";

const ORDER = { shown: "http://a/", limits: { ...DEFAULT_LIMITS, attempts: 3, retryDelayMs: 1000 } };

function failure(retryAfterMs: number | undefined): ReturnType<typeof cannotFetch> {
  return cannotFetch("ArtifactUnavailable", "http://a/", "status 503", { retryAfterMs });
}

describe("retryDelay()", () => {
  const delays: readonly (readonly [number, number, number, number])[] = [
    [1, 0, 0, 500],
    [1, 0, 0.5, 750],
    [2, 0, 0, 1000],
    [1, 5000, 0, 5000],
    [2, 100, 0, 1000],
  ];
  for (const [attempts, retryAfterMs, random, expected] of delays) {
    it(`is ${String(expected)} ms after ${String(attempts)}, told ${String(retryAfterMs)} ms, by ${String(random)}`, () => {
      expect(retryDelay(failure(retryAfterMs), ORDER, { attempts, leftMs: 60_000, random })).to.equal(expected);
    });
  }

  it("gives up when another attempt cannot help", () => {
    expect(() => retryDelay(failure(undefined), ORDER, { attempts: 1, leftMs: 60_000, random: 0 })).to.throw(/503$/u);
  });

  it("gives up after the last attempt, and says how often it was tried", () => {
    const last = { attempts: 3, leftMs: 60_000, random: 0 };
    expect(() => retryDelay(failure(0), ORDER, last)).to.throw(/503, after 3 of 3 attempts$/u);
  });

  it("gives up at once when the server asks for longer than there is", () => {
    const progress = { attempts: 1, leftMs: 60_000, random: 0 };
    expect(() => retryDelay(failure(60_000), ORDER, progress)).to.throw(/due in 60 s, later than the deadline$/u);
  });
});
