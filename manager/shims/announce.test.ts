import { expect } from "chai";
import { describe, it } from "mocha";
import { announce } from "./announce.ts";
import { endedJob, exampleJob, exampleRecord, failedRecord } from "./build-examples.ts";
import type { StatusJson } from "./status.ts";

function ready(reason: string): StatusJson {
  const condition = {
    type: "Ready",
    status: "False",
    reason,
    message: `because of ${reason}`,
    lastTransitionTime: "t",
  };
  return { conditions: [condition] };
}

describe("announce()", () => {
  const quiet = { before: undefined, status: ready("Progressing") };
  const uninstall = exampleJob({ operation: "uninstall" });

  it("tells how Jobs ended", () => {
    const news = [
      { job: exampleJob(), record: exampleRecord() },
      { job: exampleJob(), record: failedRecord() },
      { job: exampleJob(), record: failedRecord({ rolledBack: true, reason: "RestartFailed", message: "no answer" }) },
      { job: uninstall, record: failedRecord({ operation: "uninstall", reason: "InUse", message: "default/x" }) },
      { job: uninstall, record: undefined },
    ];
    const told = announce({ ...quiet, news }).map(({ type, reason, action, note }) =>
      [type, reason, action, note].join(" "),
    );
    expect(told).to.deep.equal([
      "Normal ShimProvisioned Install node1: Proven sha256:dddddddddddd",
      "Warning ShimFailed Install node1: ArtifactUnavailable: The server said 503",
      "Warning ShimRolledBack Install node1: RestartFailed: no answer",
      "Warning ShimFailed Uninstall node1: InUse: default/x",
      "Normal ShimRemoved Uninstall node1: the shim was removed",
    ]);
  });

  it("tells of pods that an install ended, the node too, also where it went well", () => {
    const job = endedJob({ lostPods: ["default/a", "default/b"] });
    const told = announce({ ...quiet, news: [{ job, record: exampleRecord() }] });
    expect(told.map(({ reason }) => reason)).to.deep.equal(["ShimProvisioned", "PodsLost"]);
    expect(told[1]).to.deep.equal({
      type: "Warning",
      reason: "PodsLost",
      action: "Install",
      note: "node1: containers of these pods ended during the install: default/a, default/b",
      node: { name: "node1", uid: "uid-node1" },
    });
  });

  it("tells the node of failures only", () => {
    const news = [failedRecord(), exampleRecord(), undefined].map((record) => ({ job: exampleJob(), record }));
    const nodes = announce({ ...quiet, news }).map(({ node }) => node?.name);
    expect(nodes).to.deep.equal(["node1", undefined, undefined]);
  });

  it("tells when a rollout is held, once", () => {
    for (const [reason, event, type] of [
      ["TooManyFailures", "RolloutPaused", "Warning"],
      ["Paused", "RolloutPaused", "Normal"],
      ["RuntimeClassConflict", "RuntimeClassConflict", "Warning"],
      ["RuntimeClassRefused", "RuntimeClassRefused", "Warning"],
      ["HandlerConflict", "HandlerConflict", "Warning"],
    ] as const) {
      const [first] = announce({ news: [], before: ready("Progressing"), status: ready(reason) });
      expect(first).to.include({ type, reason: event, action: "Rollout", note: `because of ${reason}` });
      expect(announce({ news: [], before: ready(reason), status: ready(reason) })).to.deep.equal([]);
    }
    expect(announce({ news: [], before: undefined, status: ready("Provisioned") })).to.deep.equal([]);
  });
});
