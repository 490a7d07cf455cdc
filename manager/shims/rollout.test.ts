import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleDecision, exampleJob, exampleNode } from "./build-examples.ts";
import { STILL_IN_USE, type Decision } from "./decide-node.ts";
import { planRollout, share, type RolloutInput } from "./rollout.ts";

/** `new1`: fresh; `run1`: an installer is at work; `bad1`: failed, pausing; `try1`: failed, due; `del1`: to be cleaned; `ask1`: the same, due to be asked whether pods still use it; `ok1`. */
function decisionOf(name: string): Decision {
  const node = exampleNode({ name });
  const start = { operation: "install", hash: "h", attempt: 1, why: "NotInstalled", untouched: true } as const;
  switch (name.slice(0, 3)) {
    case "new":
      return exampleDecision({ node, state: "Pending", start });
    case "run":
      return exampleDecision({ node, state: "Installing", active: exampleJob() });
    case "bad":
      return exampleDecision({ node, state: "Failed", failed: true });
    case "try":
      return exampleDecision({ node, state: "Failed", failed: true, start });
    case "del":
      return exampleDecision({
        node,
        state: "Removing",
        wanted: "absent",
        start: { ...start, operation: "uninstall" },
      });
    case "ask":
      return exampleDecision({
        node,
        state: "Removing",
        wanted: "absent",
        start: { ...start, operation: "uninstall", why: STILL_IN_USE },
      });
    default:
      return exampleDecision({ node });
  }
}

function plan(nodes: string, part: Partial<RolloutInput> = {}): { readonly starts: string; readonly hold: string } {
  const decisions = nodes.split(" ").map((name) => decisionOf(name));
  const selected = decisions.filter(({ wanted }) => wanted === "present").length;
  const input = {
    strategy: { type: "recreate" } as const,
    paused: false,
    selected,
    busy: new Set<string>(),
    slots: 100,
    pollSlots: 25,
  };
  const { starts, hold } = planRollout({ ...input, decisions, ...part });
  return { starts: starts.map(({ node }) => node.name).join(" "), hold: hold?.reason ?? "" };
}

function rolling(maxUpdate?: number | string, maxFailures?: number | string): Partial<RolloutInput> {
  const limit = maxUpdate === undefined ? {} : { rolling: { maxUpdate } };
  return { strategy: { type: "rolling", ...limit, ...(maxFailures === undefined ? {} : { maxFailures }) } };
}

describe("planRollout()", () => {
  const cases: readonly [says: string, nodes: string, part: Partial<RolloutInput>, starts: string, hold: string][] = [
    ["recreate starts all", "new3 new1 new2 ok1", {}, "new1 new2 new3", ""],
    ["never more than the cluster has room for", "new1 new2 new3", { slots: 2 }, "new1 new2", ""],
    ["nothing when there is no room", "new1", { slots: -3 }, "", ""],
    ["not where any Shim's installer is at work", "new1 new2", { busy: new Set(["uid-new1"]) }, "new2", ""],
    ["rolling starts one by default", "new1 new2 new3", rolling(), "new1", ""],
    ["rolling waits for the one at work", "run1 new2 new3", rolling(), "", ""],
    ["rolling starts as many as maxUpdate says", "run1 new2 new3 new4", rolling(3), "new2 new3", ""],
    ["a percentage of the selected nodes", "new1 new2 new3 new4", rolling("50%"), "new1 new2", ""],
    ["a percentage is at least one node", "new1 new2", rolling("1%"), "new1", ""],
    ["a failed node counts as out of service", "bad1 new2 new3", rolling(2, 9), "new2", ""],
    ["the brake of rolling is one failure", "bad1 new2 new3", rolling(3), "", "TooManyFailures"],
    ["failed nodes are tried again behind the brake", "try1 new2", rolling(1), "try1", "TooManyFailures"],
    ["a braked rollout has no news when nobody waits", "bad1 ok2", rolling(1), "", ""],
    ["the brake of recreate is three failures", "bad1 bad2 new3", {}, "new3", ""],
    ["three of a few nodes", "bad1 bad2 bad3 new4", {}, "", "TooManyFailures"],
    [
      "or what maxFailures says",
      "bad1 bad2 new3",
      { strategy: { type: "recreate", maxFailures: 2 } },
      "",
      "TooManyFailures",
    ],
    ["removals go before installs", "new1 del2", { slots: 1 }, "del2", ""],
    ["removals do not wait behind the brake", "bad1 new2 del3", rolling(1), "del3", "TooManyFailures"],
    ["removals keep to maxUpdate", "del1 del2 new3", rolling(1), "del1", ""],
    ["asks last whether pods still use the handler", "ask1 del2", { slots: 1 }, "del2", ""],
    ["and only on so many nodes at a time", "ask1 ask2 ask3 new4", { slots: 3, pollSlots: 1 }, "ask1 new4", ""],
    ["or on none", "ask1 del2", { pollSlots: -1 }, "del2", ""],
    ["paused starts nothing", "new1 try2 del3", { paused: true }, "", "Paused"],
    ["paused is no news when nobody waits", "ok1 run2", { paused: true }, "", ""],
  ];
  for (const [says, nodes, part, starts, hold] of cases) {
    it(says, () => {
      expect(plan(nodes, part)).to.deep.equal({ starts, hold });
    });
  }

  it("says how many failed and what the limit is", () => {
    const decisions = ["bad1", "new2"].map((name) => decisionOf(name));
    const strategy = { type: "rolling" } as const;
    const { hold } = planRollout({
      decisions,
      strategy,
      paused: false,
      selected: 2,
      busy: new Set(),
      slots: 9,
      pollSlots: 9,
    });
    expect(hold?.message).to.equal(
      "1 of 2 nodes failed (maxFailures is 1): no further node is started until they are well or the spec changes",
    );
  });
});

describe("share()", () => {
  it("rounds down, and is at least one", () => {
    const values: readonly [number | string, number][] = [
      [3, 10],
      [0, 10],
      ["10%", 5000],
      ["10%", 19],
      ["10%", 5],
      ["100%", 7],
      ["4", 10],
    ];
    expect(values.map(([value, total]) => share(value, total))).to.deep.equal([3, 1, 500, 1, 1, 7, 4]);
  });
});
