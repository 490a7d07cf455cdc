import { expect } from "chai";
import { describe, it } from "mocha";
import { retryLimits } from "./retry-env.ts";

describe("retryLimits()", () => {
  const table: readonly (readonly [env: Readonly<Record<string, string>>, limits: object])[] = [
    [{}, {}],
    [{ NUM_RETRY: "", SLEEP_DURATION: "" }, {}],
    [
      { NUM_RETRY: "5", SLEEP_DURATION: "3" },
      { attempts: 5, retryDelayMs: 3000 },
    ],
    [
      { NUM_RETRY: "0", SLEEP_DURATION: "0" },
      { attempts: 1, retryDelayMs: 1 },
    ],
    [{ NUM_RETRY: " 7\n" }, { attempts: 7 }],
    [{ SLEEP_DURATION: "0.5s" }, { retryDelayMs: 500 }],
  ];
  for (const [env, limits] of table) {
    it(`makes ${JSON.stringify(limits)} of ${JSON.stringify(env)}`, () => {
      expect(retryLimits(env)).to.deep.equal(limits);
    });
  }

  for (const env of [
    { NUM_RETRY: "often" },
    { NUM_RETRY: "-1" },
    { NUM_RETRY: "2.5" },
    { NUM_RETRY: "99999999999999999999" },
    { SLEEP_DURATION: "2m" },
    { SLEEP_DURATION: "-1" },
  ]) {
    it(`refuses ${JSON.stringify(env)}, and names the variable`, () => {
      const [[name, text] = ["", ""]] = Object.entries(env);
      expect(() => retryLimits(env))
        .to.throw(`${name}: "${text}"`)
        .with.property("code", "RequestInvalid");
    });
  }
});
