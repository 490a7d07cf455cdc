import type { ObjectList } from "@rcm/lib/kube";
import type { KubeClient, RequestRecord } from "@rcm/lib/kube-client";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { KubePlane } from "./kube-plane.ts";
import { CONFIG_MAPS, configMap, drain, reasonOf } from "./kube-support.ts";

const REF = { name: "a", namespace: "default" };

describe("createKubeClient()", () => {
  const signal = new AbortController().signal;
  const requests: RequestRecord[] = [];
  let plane: KubePlane;
  let kube: KubeClient;

  before(async () => {
    plane = await KubePlane.start();
    kube = await plane.client({ onRequest: (request) => requests.push(request) });
  });

  after(async () => plane.stop());

  it("writes, reads and deletes an object", async () => {
    await kube.create(CONFIG_MAPS, configMap("a", "1"), {}, signal);
    expect((await kube.get(CONFIG_MAPS, REF, signal)).data).to.deep.equal({ value: "1" });
    const merged = await kube.patch(CONFIG_MAPS, REF, { kind: "merge", body: { data: { value: "2" } } }, signal);
    expect(merged.data).to.deep.equal({ value: "2" });
    const body = [{ op: "replace", path: "/data/value", value: "3" }] as const;
    expect((await kube.patch(CONFIG_MAPS, REF, { kind: "json", body }, signal)).data).to.deep.equal({ value: "3" });
    const wrongUid = await reasonOf(kube.delete(CONFIG_MAPS, REF, { uid: "other" }, signal));
    expect(wrongUid).to.have.property("code", "Conflict");
    await kube.delete(CONFIG_MAPS, REF, { uid: merged.metadata?.uid, propagation: "Background" }, signal);
    expect(await reasonOf(kube.get(CONFIG_MAPS, REF, signal))).to.have.property("code", "NotFound");
  });

  it("names what the server refuses", async () => {
    await kube.create(CONFIG_MAPS, configMap("taken", "1"), {}, signal);
    const taken = await reasonOf(kube.create(CONFIG_MAPS, configMap("taken", "1"), {}, signal));
    expect(taken).to.include({ code: "AlreadyExists", status: 409 });
    expect(taken).to.have.property(
      "message",
      'Cannot create configmaps "default/taken": configmaps "taken" already exists',
    );
    const invalid = await reasonOf(kube.create(CONFIG_MAPS, configMap("Not_A_Name", "1"), {}, signal));
    expect(invalid).to.include({ code: "Invalid", status: 422 });
    const stale = {
      ...configMap("taken", "2"),
      metadata: { ...configMap("taken", "2").metadata, resourceVersion: "1" },
    };
    expect(await reasonOf(kube.update(CONFIG_MAPS, stale, {}, signal))).to.have.property("code", "Conflict");
    const nowhere = { ...CONFIG_MAPS, plural: "nonsense" };
    expect(await reasonOf(kube.get(nowhere, REF, signal))).to.have.property("code", "NotFound");
  });

  it("applies its own fields and meets the owner of others with a conflict", async () => {
    await kube.apply(CONFIG_MAPS, { ...configMap("applied", "1") }, { fieldManager: "first" }, signal);
    const theirs = { ...configMap("applied", "2") };
    const conflict = await reasonOf(kube.apply(CONFIG_MAPS, theirs, { fieldManager: "second" }, signal));
    expect(conflict).to.have.property("code", "Conflict");
    expect(conflict).to.have.property("message").that.contains("first").and.contains(".data.value");
    const forced = await kube.apply(CONFIG_MAPS, theirs, { fieldManager: "second", force: true }, signal);
    expect(forced.data).to.deep.equal({ value: "2" });
  });

  it("lists a thousand objects page by page and keeps the projection only", async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `many-${String(index).padStart(4, "0")}`);
    await Promise.all(
      names.map(async (name) => {
        const object = { ...configMap(name, "x"), metadata: { name, namespace: "default", labels: { many: "1" } } };
        return kube.create(CONFIG_MAPS, object, {}, signal);
      }),
    );
    const earlier = requests.length;
    const options = { labelSelector: "many=1", pageSize: 300 };
    const list: ObjectList<string> = await kube.list(
      CONFIG_MAPS,
      { ...options, project: ({ metadata }) => metadata?.name ?? "" },
      signal,
    );
    expect([...list.items].toSorted()).to.deep.equal(names);
    expect(requests.slice(earlier).map(({ verb, code }) => `${verb} ${code}`)).to.deep.equal(
      Array.from({ length: 4 }, () => "list 200"),
    );
  }).timeout(60_000);

  it("says that a version is gone after etcd was compacted", async () => {
    const old = await kube.create(CONFIG_MAPS, configMap("old", "1"), {}, signal);
    const version = old.metadata?.resourceVersion ?? "";
    const late = await kube.patch(
      CONFIG_MAPS,
      { ...REF, name: "old" },
      { kind: "merge", body: { data: { value: "2" } } },
      signal,
    );
    await plane.compact(late.metadata?.resourceVersion ?? "");
    await plane.killServer(); // Its cache still knew.
    await plane.restartServer();
    const watching = kube.watch(CONFIG_MAPS, { resourceVersion: version, timeoutSeconds: 5 }, signal);
    expect(await reasonOf(drain(watching))).to.have.property("code", "Gone");
  });

  it("gives up a request after its deadline, and says so", async () => {
    const hasty = await plane.client({ timeoutMs: 300 });
    await plane.signalServer("SIGSTOP");
    const late = await reasonOf(hasty.get(CONFIG_MAPS, REF, signal));
    await plane.signalServer("SIGCONT");
    expect(late).to.include({ code: "Timeout", status: undefined });
  });

  it("throws the reason of the caller's signal", async () => {
    const reason = new Error("Enough");
    expect(await reasonOf(kube.get(CONFIG_MAPS, REF, AbortSignal.abort(reason)))).to.equal(reason);
    const stop = new AbortController();
    const list = await kube.list(CONFIG_MAPS, { namespace: "default", project: () => 0 }, signal);
    const watching = kube.watch(
      CONFIG_MAPS,
      { resourceVersion: list.resourceVersion, timeoutSeconds: 60 },
      stop.signal,
    );
    const ended = reasonOf(drain(watching));
    stop.abort(reason);
    expect(await ended).to.equal(reason);
  });

  it("sends no write that is fenced off, but reads", async () => {
    const fence = new Error("Not the leader");
    const fenced = await plane.client({
      beforeWrite() {
        throw fence;
      },
    });
    expect(await reasonOf(fenced.create(CONFIG_MAPS, configMap("fenced", "1"), {}, signal))).to.equal(fence);
    expect(await reasonOf(fenced.get(CONFIG_MAPS, { ...REF, name: "fenced" }, signal))).to.have.property(
      "code",
      "NotFound",
    );
  });

  it("tells that nobody answers", async () => {
    await plane.killServer();
    const lost = await reasonOf(kube.create(CONFIG_MAPS, configMap("b", "1"), {}, signal));
    expect(lost).to.include({ code: "Unavailable", status: undefined });
    await plane.restartServer();
  });
});
