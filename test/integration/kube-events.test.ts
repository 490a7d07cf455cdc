import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { KubeClient } from "@rcm/lib/kube-client";
import { Events } from "@rcm/manager/runtime/events";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { KubePlane } from "./kube-plane.ts";
import { SILENT, until } from "./kube-support.ts";

interface StoredEvent extends KubeObject {
  readonly reason?: string;
  readonly series?: { readonly count?: number };
}

const EVENTS: Resource<StoredEvent> = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};

const NODES: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };

describe("Events", () => {
  const signal = new AbortController().signal;
  let plane: KubePlane;
  let kube: KubeClient;
  let stop: AbortController;
  let events: Events;
  let run: Promise<void>;
  let writes: number;

  before(async () => {
    plane = await KubePlane.start();
    kube = await plane.client({
      onRequest({ verb, resource }) {
        if (resource === "events" && verb !== "list") writes += 1; // The test itself lists, as often as it takes.
      },
    });
  });

  after(async () => plane.stop());

  beforeEach(() => {
    stop = new AbortController();
    writes = 0;
    const reporter = { controller: "rcm-manager", instance: "rcm-manager-0" };
    events = new Events({ kube, reporter, log: SILENT, pauseMs: 10 });
    run = events.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await run;
  });

  async function record(name: string, note = "Cannot fetch the shim"): Promise<void> {
    const { metadata } = await kube.apply(NODES, { metadata: { name } }, {}, signal);
    const regarding = { apiVersion: "v1", kind: "Node", name, uid: metadata?.uid };
    events.record({ regarding, type: "Warning", reason: "FetchFailed", action: "Fetch", note });
  }

  async function stored(name: string): Promise<readonly (number | undefined)[]> {
    const options = { fieldSelector: `regarding.name=${name}`, project: (event: StoredEvent) => event.series?.count };
    return (await kube.list(EVENTS, options, signal)).items;
  }

  it("makes one Event with a count of what happens again, and kubectl describe shows it", async () => {
    for (let time = 0; time < 50; time += 1) await record("again");
    await until(async () => (await stored("again"))[0] === 50);
    expect(await stored("again")).to.deep.equal([50]);
    const argv = ["--kubeconfig", plane.kubeconfig, "describe", "node", "again"];
    const { stdout } = await promisify(execFile)("kubectl", argv);
    expect(stdout).to.match(/Warning +FetchFailed +\S+ \(x50 over \S+\) +rcm-manager +Cannot fetch the shim/);
  });

  it("makes a new Event when the old one was deleted", async () => {
    await record("deleted");
    await until(async () => (await stored("deleted")).length === 1);
    const [event = {}] = (
      await kube.list(EVENTS, { fieldSelector: "regarding.name=deleted", project: (item) => item.metadata }, signal)
    ).items;
    await kube.delete(EVENTS, { name: event.name ?? "", namespace: event.namespace }, {}, signal);
    await record("deleted");
    await until(async () => (await stored("deleted")).length === 1);
    expect(await stored("deleted")).to.deep.equal([2]);
  });

  it("keeps apart what says different things, and cuts long notes", async () => {
    await record("many", "one");
    await record("many", "é".repeat(2000));
    await until(async () => (await stored("many")).length === 2);
    expect(await stored("many")).to.deep.equal([undefined, undefined]);
  });

  it("costs few writes, however often it happens", async () => {
    await record("burst");
    await until(async () => (await stored("burst")).length === 1);
    writes = 0;
    const regarding = { apiVersion: "v1", kind: "Node", name: "burst" };
    for (let time = 0; time < 1000; time += 1) {
      events.record({ regarding, type: "Normal", reason: "Seen", action: "See", note: "again" });
    }
    await until(async () => (await stored("burst")).includes(1000));
    expect(await stored("burst")).to.have.members([undefined, 1000]);
    expect(writes).to.be.lessThan(20);
  });
});
