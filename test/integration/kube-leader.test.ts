import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { KubeClient } from "@rcm/lib/kube-client";
import { runAsLeader, type ElectionOptions, type Leadership } from "@rcm/manager/runtime/leader";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { KubePlane } from "./kube-plane.ts";
import { CONFIG_MAPS, configMap, reasonOf, SILENT, until } from "./kube-support.ts";

interface Lease extends KubeObject {
  readonly spec?: { readonly renewTime?: string };
}

const TIMES = { leaseMs: 3000, renewDeadlineMs: 2000, retryMs: 300 };
/** For what does not wait until a lease has run out: a slow server may take its time. */
const LONG_TIMES = { leaseMs: 12_000, renewDeadlineMs: 8000, retryMs: 300 };
const LEASES: Resource<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
};

describe("runAsLeader()", () => {
  const signal = new AbortController().signal;
  const children: ChildProcess[] = [];
  let plane: KubePlane;
  let kube: KubeClient;

  before(async () => {
    plane = await KubePlane.start();
    kube = await plane.client();
  });

  after(async () => plane.stop());

  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  function election(name: string, identity: string, times = TIMES): ElectionOptions {
    return { ...times, kube, namespace: "default", name, identity, log: SILENT };
  }

  /** Leads until `stop`; tells who leads. */
  function candidate(
    name: string,
    identity: string,
    leading: Set<string>,
    times = TIMES,
  ): { stop(): void; ended: Promise<void> } {
    const stop = new AbortController();
    async function work(leadership: Leadership): Promise<void> {
      leading.add(identity);
      await untilAborted(stop.signal, leadership.signal);
      leading.delete(identity);
    }
    return {
      stop() {
        stop.abort();
      },
      ended: runAsLeader(election(name, identity, times), work, stop.signal),
    };
  }

  it("lets one of three lead at a time, each in its turn, and hands over quickly", async () => {
    const leading = new Set<string>();
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, leading.size);
    }, 1);
    const candidates = new Map(["a", "b", "c"].map((name) => [name, candidate("three", name, leading, LONG_TIMES)]));
    const order: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await until(() => leading.size === 1);
      const [leader = ""] = leading;
      order.push(leader);
      candidates.get(leader)?.stop();
      await candidates.get(leader)?.ended;
    }
    clearInterval(watching);
    expect(most).to.equal(1);
    expect(order.toSorted()).to.deep.equal(["a", "b", "c"]);
    const lease = await kube.get(LEASES, { namespace: "default", name: "three" }, signal);
    expect(lease).to.have.nested.property("spec.leaseTransitions", 2);
    expect(lease).to.have.nested.property("spec.leaseDurationSeconds", 1);
  }).timeout(30_000);

  it("takes over from a leader that was killed, but not before its lease has run out", async () => {
    const child = await startChild("killed");
    const leading = new Set<string>();
    const heir = candidate("killed", "heir", leading);
    const renewed = await leaseTime("killed");
    child.kill("SIGKILL");
    await until(() => leading.size === 1);
    const takenAfterMs = (await leaseTime("killed")) - renewed;
    heir.stop();
    await heir.ended;
    expect(takenAfterMs).to.be.greaterThan(TIMES.leaseMs);
  }).timeout(30_000);

  it("loses a lease that another has taken, at once", async () => {
    const lost = runAsLeader(
      election("taken", "robbed"),
      async (leadership) => {
        const body = { spec: { holderIdentity: "robber" } };
        await kube.patch(LEASES, { namespace: "default", name: "taken" }, { kind: "merge", body }, signal);
        await untilAborted(leadership.signal);
      },
      signal,
    );
    expect(await reasonOf(lost)).to.include({ name: "LeaderError", code: "LEASE_LOST" });
    const lease = await kube.get(LEASES, { namespace: "default", name: "taken" }, signal);
    expect(lease).to.have.nested.property("spec.holderIdentity", "robber");
  }).timeout(30_000);

  it("gives up when the API server falls silent, before anybody else may lead", async () => {
    let heldMs = 0;
    const lost = runAsLeader(
      election("silent", "alone"),
      async (leadership) => {
        const startMs = performance.now();
        await plane.signalServer("SIGSTOP");
        await untilAborted(leadership.signal);
        heldMs = performance.now() - startMs;
        await plane.signalServer("SIGCONT");
      },
      signal,
    );
    expect(await reasonOf(lost)).to.include({ name: "LeaderError", code: "RENEW_TIMEOUT" });
    expect(heldMs).to.be.lessThan(TIMES.leaseMs);
  }).timeout(30_000);

  it("goes on leading when the API server was away for less than that", async () => {
    const failed = Promise.withResolvers<undefined>();
    function warn(): void {
      failed.resolve(undefined);
    }
    await runAsLeader(
      { ...election("short", "patient", LONG_TIMES), log: { ...SILENT, warn } },
      async (leadership) => {
        const earlier = await leaseTime("short");
        await plane.signalServer("SIGSTOP");
        await failed.promise; // The first attempt to renew.
        await plane.signalServer("SIGCONT");
        await until(async () => (await leaseTime("short")) > earlier);
        leadership.assertHeld();
      },
      signal,
    );
  }).timeout(30_000);

  it("is not held by a process that stood still for too long, even before a timer can say so", async () => {
    const lost = runAsLeader(
      election("still", "sleeper"),
      async (leadership) => {
        leadership.assertHeld();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIMES.renewDeadlineMs);
        expect(leadership.signal.aborted).to.equal(false);
        expect(() => {
          leadership.assertHeld();
        }).to.throw("the lease was not renewed in time");
        expect(leadership.signal.aborted).to.equal(true);
        await Promise.resolve();
      },
      signal,
    );
    expect(await reasonOf(lost)).to.include({ name: "LeaderError", code: "RENEW_TIMEOUT" });
  }).timeout(30_000);

  it("lets no leader write that was stopped while another took over", async () => {
    const child = await startChild("stopped");
    const leading = new Set<string>();
    const heir = candidate("stopped", "heir", leading);
    child.kill("SIGSTOP");
    await until(() => leading.size === 1);
    const ended = once(child, "exit");
    const last = await written();
    child.kill("SIGCONT"); // Its next write is due long since.
    await ended;
    expect(await written()).to.equal(last);
    heir.stop();
    await heir.ended;
  }).timeout(30_000);

  /** A process of its own that leads and then writes all the time. */
  async function startChild(name: string): Promise<ChildProcess> {
    await kube.apply(CONFIG_MAPS, { ...configMap("written", "0") }, { force: true }, signal);
    const child = fork(fileURLToPath(import.meta.resolve("./kube-leader-child.ts")), [
      plane.kubeconfig,
      name,
      JSON.stringify(TIMES),
    ]);
    children.push(child);
    await once(child, "message");
    return child;
  }

  async function leaseTime(name: string): Promise<number> {
    const lease = await kube.get(LEASES, { namespace: "default", name }, signal);
    return Date.parse(lease.spec?.renewTime ?? "");
  }

  async function written(): Promise<string | undefined> {
    const object = await kube.get(CONFIG_MAPS, { namespace: "default", name: "written" }, signal);
    return object.metadata?.resourceVersion;
  }
});

async function untilAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (!any.aborted) await once(any, "abort");
}
