import { expect } from "chai";
import { describe, it } from "mocha";
import { canMove, statusOf } from "./state.ts";
import type { StateKind } from "./state.ts";

const KINDS: readonly StateKind[] = [
  "creating",
  "created",
  "starting",
  "running",
  "pausing",
  "paused",
  "stopped",
  "deleted",
];

describe("canMove()", () => {
  const allowed: readonly (readonly [StateKind, readonly StateKind[]])[] = [
    ["creating", ["created", "stopped"]],
    ["created", ["starting", "stopped"]],
    ["starting", ["running", "stopped"]],
    ["running", ["pausing", "stopped"]],
    ["pausing", ["running", "paused", "stopped"]],
    ["paused", ["running", "stopped"]],
    ["stopped", ["deleted"]],
    ["deleted", []],
  ];
  for (const [from, to] of allowed) {
    it(`lets a process that is ${from} become ${to.join(", ") || "nothing else"}`, () => {
      expect(KINDS.filter((kind) => canMove(from, kind))).to.have.members(to);
    });
  }
});

describe("statusOf()", () => {
  it("gives containerd's numbers", () => {
    expect(KINDS.map(statusOf)).to.deep.equal([1, 1, 1, 2, 5, 4, 3, 3]);
  });
});
