import { expect } from "chai";
import { describe, it } from "mocha";
import { isTerminal } from "./install-job.ts";

describe("isTerminal()", () => {
  const cases: readonly (readonly [what: string, reason: string | undefined, isRolledBack: boolean, is: boolean])[] = [
    ["an artifact that is another one", "DigestMismatch", false, true],
    ["a shim that was tried and taken back", "ShimBroken", true, true],
    ["a shim that a look at the node has found broken", "ShimBroken", false, false],
    ["a node that could not be made well again", "OrdinaryPodsBroken", false, false],
    ["a server that is away", "ArtifactUnavailable", false, false],
    ["no reason", undefined, true, false],
    ["a reason of a newer installer", "SomethingNew", true, false],
  ];
  for (const [what, reason, isRolledBack, is] of cases) {
    it(`${is ? "knows" : "does not take for the last word"} ${what}`, () => {
      expect(isTerminal(reason, isRolledBack)).to.equal(is);
    });
  }
});
