import { KubeError } from "@rcm/lib/kube";
import { expect } from "chai";
import { describe, it } from "mocha";
import { keyOf, mustListAgain } from "./informer.ts";

const CASES: readonly (readonly [sentence: string, error: unknown, again: boolean])[] = [
  ["a connection that was lost", new KubeError("Unavailable", "x"), false],
  ["a server that starts", new KubeError("Unavailable", "x", { status: 503 }), false],
  ["a server that has too much to do", new KubeError("TooManyRequests", "x", { status: 429 }), false],
  ["a watch that fell silent", new KubeError("Timeout", "x"), false],
  ["a version that the server has never seen", new KubeError("Timeout", "x", { status: 504 }), true],
  ["a version that is too old", new KubeError("Gone", "x", { status: 410 }), true],
  ["a line that is no event", new KubeError("Malformed", "x"), true],
  ["anything else", new TypeError("x"), true],
];

describe("mustListAgain()", () => {
  for (const [sentence, error, again] of CASES) {
    it(`is ${again} after ${sentence}`, () => {
      expect(mustListAgain(error)).to.equal(again);
    });
  }
});

describe("keyOf()", () => {
  it("has the namespace where there is one", () => {
    expect(keyOf({ metadata: { name: "a" } })).to.equal("a");
    expect(keyOf({ metadata: { name: "a", namespace: "n" } })).to.equal("n/a");
  });
});
