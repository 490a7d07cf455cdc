import type { KubeClient, RequestRecord } from "@rcm/lib/kube-client";
import { Informer } from "@rcm/manager/runtime/informer";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { KubePlane } from "./kube-plane.ts";
import { CONFIG_MAPS, configMap, SILENT, until, type ConfigMap } from "./kube-support.ts";

const BACKOFF = { baseMs: 50, maxMs: 500 };

describe("Informer", () => {
  const signal = new AbortController().signal;
  let plane: KubePlane;
  let kube: KubeClient;
  let stop: AbortController;
  let runs: Promise<void>[];
  let watches: number;
  let failures: number;

  function countWatch({ verb }: RequestRecord): void {
    if (verb === "watch") watches += 1;
  }

  before(async () => {
    plane = await KubePlane.start();
    kube = await plane.client({ onRequest: countWatch });
  });

  after(async () => plane.stop());

  beforeEach(() => {
    stop = new AbortController();
    runs = [];
    watches = 0;
    failures = 0;
  });

  afterEach(async () => {
    stop.abort();
    await Promise.all(runs);
  });

  function countFailure(message: string): void {
    if (message === "Watch failed") failures += 1;
  }

  function startInformer(label: string, watchSeconds = 600): Informer<ConfigMap, string> {
    const informer = new Informer({
      kube,
      resource: CONFIG_MAPS,
      log: { ...SILENT, debug: countFailure },
      labelSelector: `test=${label}`,
      project: ({ data }: ConfigMap) => data?.["value"] ?? "",
      watchSeconds,
      backoff: BACKOFF,
    });
    runs.push(informer.run(stop.signal));
    return informer;
  }

  async function put(label: string, name: string, value: string, client = kube): Promise<void> {
    const object = { ...configMap(name, value), metadata: { name, namespace: "default", labels: { test: label } } };
    await client.apply(CONFIG_MAPS, object, {}, signal);
  }

  async function remove(name: string, client = kube): Promise<void> {
    await client.delete(CONFIG_MAPS, { name, namespace: "default" }, {}, signal);
  }

  it("gets nothing but the metadata where that is asked for", async () => {
    await put("partial", "listed", "secret");
    const objects: ConfigMap[] = [];
    function project(object: ConfigMap): string {
      objects.push(object);
      return object.metadata?.resourceVersion ?? "";
    }
    const base = { kube, resource: CONFIG_MAPS, log: SILENT, labelSelector: "test=partial", backoff: BACKOFF };
    const informer = new Informer({ ...base, part: "metadata", project });
    runs.push(informer.run(stop.signal));
    await informer.synced;
    await put("partial", "watched", "secret");
    await until(() => informer.store.size === 2);
    expect(objects.map(({ metadata, data }) => [metadata?.name, data])).to.deep.equal([
      ["listed", undefined],
      ["watched", undefined],
    ]);
  });

  it("lists, then follows every change", async () => {
    await put("follow", "there", "1");
    const informer = startInformer("follow");
    const changes: string[] = [];
    informer.onChange(({ key, before: from, after: to }) => changes.push(`${key} ${from ?? "-"} ${to ?? "-"}`));
    await informer.synced;
    await put("follow", "new", "1");
    await put("follow", "there", "2");
    await kube.patch(
      CONFIG_MAPS,
      { name: "there", namespace: "default" },
      { kind: "merge", body: { metadata: { annotations: { of: "no interest" } } } },
      signal,
    );
    await remove("new");
    await until(() => changes.length >= 4);
    expect(changes).to.deep.equal(["default/there - 1", "default/new - 1", "default/there 1 2", "default/new 1 -"]);
  });

  it("goes on when the server ends the watch", async () => {
    const informer = startInformer("renew", 2);
    await informer.synced;
    const seen: string[] = [];
    informer.onChange(({ after: to }) => seen.push(to ?? "-"));
    for (const value of ["1", "2", "3"]) {
      const earlier = watches;
      await put("renew", "renewed", value);
      await until(() => watches > earlier && informer.store.get("default/renewed") === value);
    }
    expect(seen).to.deep.equal(["1", "2", "3"]);
  }).timeout(30_000);

  it("loses nothing when the server is killed again and again", async () => {
    const informer = startInformer("killed");
    await informer.synced;
    const seen = new Set<string>();
    informer.onChange(({ key }) => seen.add(key));
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 20; index += 1) await put("killed", `k-${String(round)}-${String(index)}`, "x");
      await plane.killServer();
      await plane.restartServer();
      for (let index = 20; index < 40; index += 1) await put("killed", `k-${String(round)}-${String(index)}`, "x");
    }
    await until(() => informer.store.size === 120);
    expect(seen.size).to.equal(120);
  }).timeout(120_000);

  it("lists again when its version is gone, and finds what was deleted meanwhile", async () => {
    await Promise.all(["kept", "changed", "deleted"].map(async (name) => put("gone", name, "1")));
    const informer = startInformer("gone");
    await informer.synced;
    const changes: string[] = [];
    informer.onChange(({ key, before: from, after: to }) => changes.push(`${key} ${from ?? "-"} ${to ?? "-"}`));
    const second = await plane.secondClient();
    await plane.killServer(); // Behind its back, through the other server:
    await put("gone", "changed", "2", second);
    await put("gone", "added", "1", second);
    await remove("deleted", second);
    const list = await second.list(CONFIG_MAPS, { namespace: "default", project: () => 0 }, signal);
    await plane.compact(list.resourceVersion);
    await plane.restartServer();
    await until(() => changes.length >= 3);
    expect(changes.toSorted()).to.deep.equal(["default/added - 1", "default/changed 1 2", "default/deleted 1 -"]);
    expect([...informer.store.keys()].toSorted()).to.deep.equal(["default/added", "default/changed", "default/kept"]);
  }).timeout(60_000);

  it("leaves a watch that has silently died", async () => {
    const informer = startInformer("silent", 1);
    await informer.synced;
    await until(() => watches > 0);
    const opened = watches;
    await plane.signalServer("SIGSTOP");
    // The server should end the watch after 1 s and cannot: 10 s later the client gives it up.
    await until(() => failures > 0);
    await plane.signalServer("SIGCONT");
    await put("silent", "heard", "1");
    await until(() => informer.store.get("default/heard") === "1");
    expect(watches).to.be.greaterThan(opened);
  }).timeout(60_000);
});
