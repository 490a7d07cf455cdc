import { KubeError, type Kube } from "@rcm/lib/kube";
import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleNode, failedRecord, NOW_MS } from "./build-examples.ts";
import { HandlerUsers, waitingNodes, type WaitingNode } from "./handler-users.ts";

const NEVER = new AbortController().signal;
const ONE: WaitingNode = { node: "node1", job: "asked-1", users: ["default/x", "default/y"] };
const OTHER: WaitingNode = { node: "node2", job: "asked-2", users: ["default/z"] };

/** Lists pods by name alone; notes what is asked. */
function fakeKube(pods: ReadonlySet<string>, asked: string[] = []): Pick<Kube, "list"> {
  return {
    list: async (_, { namespace = "", fieldSelector = "", part = "all", project }) => {
      asked.push(`${part} ${namespace} ${fieldSelector}`);
      const name = /metadata\.name=([^,]+)/.exec(fieldSelector)?.[1] ?? "";
      const items = pods.has(`${namespace}/${name}`) ? [project({} as never)] : [];
      return { items, resourceVersion: "1" };
    },
  };
}

describe("HandlerUsers", () => {
  it("asks for the metadata of one pod after another, until one is there", async () => {
    const asked: string[] = [];
    const users = new HandlerUsers(fakeKube(new Set(["default/y"]), asked));
    await users.look("spin", [ONE], NOW_MS, NEVER);
    const rest = "spec.nodeName=node1,status.phase!=Succeeded,status.phase!=Failed";
    expect(asked).to.deep.equal([
      `metadata default metadata.name=x,${rest}`,
      `metadata default metadata.name=y,${rest}`,
    ]);
    expect([...users.gone("spin")]).to.deep.equal([]);
  });

  it("knows a Job none of whose users is there, of that Shim only", async () => {
    const users = new HandlerUsers(fakeKube(new Set(["default/x"])));
    await users.look("spin", [ONE, OTHER], NOW_MS, NEVER);
    expect([[...users.gone("spin")], [...users.gone("other")]]).to.deep.equal([["asked-2"], []]);
  });

  it("asks again after a while while they are there, longest unseen first, and never once they are gone", async () => {
    const pods = new Set(["default/x", "default/z"]);
    const users = new HandlerUsers(fakeKube(pods));
    expect(users.due("spin", [ONE, OTHER], NOW_MS)).to.deep.equal([ONE, OTHER]);
    await users.look("spin", [OTHER], NOW_MS, NEVER);
    await users.look("spin", [ONE], NOW_MS + 1000, NEVER);
    expect(users.due("spin", [ONE, OTHER], NOW_MS + 14_999)).to.deep.equal([]);
    expect(users.due("spin", [ONE, OTHER], NOW_MS + 16_000)).to.deep.equal([OTHER, ONE]);
    pods.clear();
    await users.look("spin", [ONE], NOW_MS + 16_000, NEVER);
    expect(users.due("spin", [ONE, OTHER], NOW_MS + 90_000)).to.deep.equal([OTHER]);
  });

  it("forgets what nobody waits for any more", async () => {
    const users = new HandlerUsers(fakeKube(new Set()));
    await users.look("spin", [ONE], NOW_MS, NEVER);
    users.due("spin", [], NOW_MS);
    expect([...users.gone("spin")]).to.deep.equal([]);
  });

  it("lets a Job tell where it may not ask, and does not take another error for an answer", async () => {
    let error = new KubeError("Forbidden", "Cannot list pods");
    const users = new HandlerUsers({ list: async () => Promise.reject(error) });
    await users.look("spin", [ONE], NOW_MS, NEVER);
    expect([...users.gone("spin")]).to.deep.equal(["asked-1"]);
    error = new KubeError("Unavailable", "Cannot list pods");
    expect(await users.look("spin", [OTHER], NOW_MS, NEVER).catch((reason: unknown) => reason)).to.equal(error);
    expect([...users.gone("spin")]).to.deep.equal(["asked-1"]);
  });
});

describe("waitingNodes()", () => {
  it("are those that are ready and whose record names pods", () => {
    const record = failedRecord({ operation: "uninstall", reason: "InUse", users: ["default/x"] });
    const { users: _, ...unknown } = record;
    const nodes = [
      exampleNode({ records: { key: record } }),
      exampleNode({ name: "down", ready: false, records: { key: record } }),
      exampleNode({ name: "other", records: { another: record } }),
      exampleNode({ name: "unknown", records: { key: unknown } }),
      exampleNode({ name: "failed", records: { key: { ...record, reason: "HostLocked" } } }),
    ];
    expect(waitingNodes(nodes, "key")).to.deep.equal([{ node: "node1", job: record.job, users: ["default/x"] }]);
  });
});
