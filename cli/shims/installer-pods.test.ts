import { expect } from "chai";
import { describe, it } from "mocha";
import { begunContainers, chosenPods, type InstallerPod } from "./installer-pods.ts";

function pod(name: string, nodeName: string | undefined, minute: number): InstallerPod {
  const creationTimestamp = `2026-11-27T11:${String(minute).padStart(2, "0")}:00Z`;
  return { metadata: { name, creationTimestamp }, spec: nodeName === undefined ? {} : { nodeName } };
}

const PODS = [pod("b2", "b", 9), pod("a1", "a", 1), pod("none", undefined, 20), pod("b1", "b", 7), pod("a2", "a", 10)];

describe("chosenPods()", () => {
  for (const [says, choice, names] of [
    ["takes the youngest of each node", { nodes: [], isAll: false }, ["a2", "b2"]],
    ["takes all, the oldest of each node first", { nodes: [], isAll: true }, ["a1", "a2", "b1", "b2"]],
    ["takes those of a node", { nodes: ["b"], isAll: true }, ["b1", "b2"]],
    ["takes none of other nodes", { nodes: ["c"], isAll: false }, []],
  ] as const) {
    it(says, () => expect(chosenPods(PODS, choice).map(({ metadata }) => metadata?.name)).to.deep.equal(names));
  }
});

describe("begunContainers()", () => {
  it("has those that have a log, in their order", () => {
    const status = {
      initContainerStatuses: [
        { name: "preflight", state: { terminated: {} } },
        { name: "fetch", state: { running: {} } },
      ],
      containerStatuses: [{ name: "install", state: { waiting: {} } }],
    };
    expect(begunContainers({ status })).to.deep.equal(["preflight", "fetch"]);
  });

  it("has none of a pod that has not begun", () => expect(begunContainers({})).to.deep.equal([]));
});
