import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleNode, exampleShim } from "./build-examples.ts";
import { readinessOfShim } from "./shim-readiness.ts";
import type { ShimObject } from "./shims.ts";

const WELL = exampleNode("a");
const LOST = exampleNode("b", { state: "Failed", reason: "DigestMismatch" });
const FAILED = exampleNode("b", { state: "RolledBack", reason: "RestartFailed" });
const GIVEN_UP = exampleNode("e", {
  state: "Failed",
  reason: "ArtifactUnavailable",
  message:
    "The server said 503 (given up after 8 tries: annotate the Shim with runtime.spinkube.dev/retry to try again)",
});
const FOREIGN = exampleNode("c", { state: "Unsupported", reason: "NoArtifactForPlatform" });
const WAITING = exampleNode("d", { state: "Pending" });

describe("readinessOfShim()", () => {
  const cases: readonly [says: string, shim: ShimObject, state: string][] = [
    ["is ready when all nodes are", exampleShim("Provisioned", [WELL]), "ready"],
    ["moves while nodes are changed", exampleShim("Progressing", [WELL, WAITING]), "moving"],
    ["moves while failed nodes will be tried again", exampleShim("Failed", [LOST, FAILED, WELL]), "moving"],
    ["moves while another node is not done", exampleShim("Failed", [LOST, WAITING]), "moving"],
    ["moves while there are no nodes: some may come", exampleShim("NoMatchingNodes", []), "moving"],
    ["moves while it is paused: somebody may resume it", exampleShim("Paused", [WAITING]), "moving"],
    ["is stuck when the rest cannot be helped", exampleShim("Failed", [LOST, FOREIGN, WELL]), "stuck"],
    ["is stuck when a node was given up", exampleShim("Failed", [GIVEN_UP, LOST, WELL]), "stuck"],
    ["moves while one is given up and another is not", exampleShim("Failed", [GIVEN_UP, FAILED]), "moving"],
    ["is stuck by the brake of hopeless nodes", exampleShim("TooManyFailures", [GIVEN_UP, LOST, WAITING]), "stuck"],
    ["moves while the brake may end", exampleShim("TooManyFailures", [LOST, FAILED, WAITING]), "moving"],
    ["is stuck when the handler is another's", exampleShim("HandlerConflict", [WAITING]), "stuck"],
    ["is stuck when the RuntimeClass is another's", exampleShim("RuntimeClassConflict", [WELL]), "stuck"],
    ["is stuck when it is being deleted", exampleShim("Removing", [exampleNode("a", { state: "Removing" })]), "stuck"],
  ];
  for (const [says, shim, state] of cases) {
    it(says, () => expect(readinessOfShim(shim).state).to.equal(state));
  }

  it("says the condition's reason and message", () => {
    expect(readinessOfShim(exampleShim("Failed", [LOST])).text).to.equal("Failed: what the manager says");
  });

  it("does not go by some of the nodes", () => {
    const shim = exampleShim("Failed", [LOST]);
    const status = { ...shim.status, nodeStatesOmitted: 1 };
    expect(readinessOfShim({ ...shim, status }).state).to.equal("moving");
  });

  it("does not take the brake for good by some of the failed nodes", () => {
    const shim = exampleShim("TooManyFailures", [LOST, WAITING]);
    expect(readinessOfShim({ ...shim, status: { ...shim.status, nodesFailed: 1 } }).state).to.equal("stuck");
    expect(readinessOfShim({ ...shim, status: { ...shim.status, nodesFailed: 2 } }).state).to.equal("moving");
  });

  it("does not go by what is said of an earlier spec", () => {
    const shim = exampleShim("Provisioned", [WELL], { metadata: { name: "a", generation: 3 } });
    const text = "its manager has not seen the last change yet: see that it runs";
    expect(readinessOfShim(shim)).to.deep.equal({ state: "moving", text });
  });

  it("says so when nothing is said at all", () => {
    const { status, ...shim } = exampleShim("Provisioned", []);
    expect(status).to.not.equal(undefined);
    const text = "its manager has said nothing yet: see that it runs";
    expect(readinessOfShim(shim)).to.deep.equal({ state: "moving", text });
  });
});
