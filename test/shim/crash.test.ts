import { chmod, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pollUntil } from "../cluster/poll-until.ts";
import type { Message } from "./support/cri-client.ts";
import { Ctr } from "./support/ctr.ts";
import { Pod } from "./support/pods.ts";
import { isAlive, readProcess } from "./support/processes.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { EXITED, pidOf, RUNNING, sandboxPidOf, statusOf } from "./support/status.ts";
import { subjectIsRunc } from "./support/subject.ts";
import type { TestContainerd } from "./support/test-containerd.ts";

const NOT_READY = 1;

describeOnEach("a shim that is killed", ({ containerd, version, it }) => {
  // What is left of runc's shim with containerd 2.1: all containers but the sandbox run on, and if one outlasts the
  // sandbox's process, so does the shim.
  if (subjectIsRunc() && version === "2.1") return;

  it("takes its pod with it", async () => {
    const victim = await Victim.begin(containerd(), "spin");
    await victim.killShim();
    expect(await victim.end()).to.deep.equal({ exitCode: 255, reason: "Error" });
    await victim.pod.remove();
  });

  it("while containerd is away takes its pod with it, too", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const victim = await Victim.begin(containerd(), "spin");
    await containerd().stop("SIGKILL", signal);
    await victim.killShim();
    await containerd().start(signal);
    await victim.end();
    await victim.pod.remove();
  });

  it("ends the `ctr run` that waits for it", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    async function codeOf(label: "runc" | "spin"): Promise<number | undefined> {
      const ctr = new Ctr(containerd(), label, signal);
      const running = ctr.run("killed", ["--rm"], ["sleep", "1000"]);
      await ctr.untilState("killed", "RUNNING");
      await containerd().noteSocket(containerd().namespace, "killed");
      process.kill(await parentOf((await ctr.state("killed"))?.pid ?? 0), "SIGKILL");
      return (await running).code;
    }
    const expected = await codeOf("runc");
    // runc's shim leaves its socket. That ours does not is seen after the test.
    await Promise.all([...containerd().shimSockets].map(async (path) => rm(path, { force: true })));
    expect(await codeOf("spin")).to.equal(expected);
  });

  it("does not harm the pods beside it", async () => {
    const [victim, other] = await Promise.all([
      Victim.begin(containerd(), "spin"),
      Pod.run(containerd(), "beside", "spin"),
    ]);
    const id = await other.start("main", ["sleep", "1000"]);
    await victim.killShim();
    await victim.end();
    expect(await statusOf(containerd(), id)).to.include({ state: RUNNING });
    const reply = await containerd().cri.call("ExecSync", { containerId: id, cmd: ["true"], timeout: 5 });
    expect(reply["exitCode"]).to.equal(0);
    await Promise.all([victim.pod.remove(), other.remove()]);
  });

  it("or not: one whose sandbox's process dies is gone with the pod", async () => {
    const { pod } = await Victim.begin(containerd(), "spin");
    process.kill(await sandboxPidOf(containerd(), pod.id), "SIGKILL");
    await untilNotReady(pod);
    await pod.remove();
  });
});

describeOnEach("a shim that is replaced while pods run", ({ containerd, it }) => {
  it("leaves them be, and runs the new ones", async () => {
    const { shim, folder } = containerd();
    const old = await Victim.begin(containerd(), "spin");
    const moved = join(folder, "shim/old-shim");
    const mark = join(folder, "mark");
    await rename(shim, moved);
    await writeFile(`${shim}.part`, `#!/bin/sh\n: > ${mark}\nexec ${moved} "$@"\n`);
    await chmod(`${shim}.part`, 0o755);
    await rename(`${shim}.part`, shim);
    try {
      const reply = await containerd().cri.call("ExecSync", { containerId: old.id, cmd: ["true"], timeout: 5 });
      expect(reply["exitCode"]).to.equal(0);
      const late = await old.pod.start("late", ["sleep", "1000"]);
      expect(await statusOf(containerd(), late)).to.include({ state: RUNNING });
      await rm(mark, { force: true });
      const fresh = await Victim.begin(containerd(), "spin", "fresh");
      await stat(mark);
      expect(await isAlive(old.shimPid)).to.equal(true);
      await old.pod.remove();
      expect(await statusOf(containerd(), fresh.id)).to.include({ state: RUNNING });
      await fresh.pod.remove();
    } finally {
      await containerd().replaceShim();
    }
  });
});

/** A pod with a container, and its shim. */
class Victim {
  readonly pod: Pod;
  readonly id: string;
  readonly shimPid: number;
  readonly #pids: readonly number[];

  private constructor(pod: Pod, id: string, shimPid: number, pids: readonly number[]) {
    this.pod = pod;
    this.id = id;
    this.shimPid = shimPid;
    this.#pids = pids;
  }

  static async begin(containerd: TestContainerd, handler: string, name = "victim"): Promise<Victim> {
    const pod = await Pod.run(containerd, name, handler);
    const id = await pod.start("main", ["sh", "-c", "sleep 1000 & sleep 1001"]);
    const sandboxPid = await sandboxPidOf(containerd, pod.id);
    return new Victim(pod, id, await parentOf(sandboxPid), [sandboxPid, await pidOf(containerd, id)]);
  }

  async killShim(): Promise<void> {
    process.kill(this.shimPid, "SIGKILL");
    await untilSo("the shim to be gone", async () => !(await isAlive(this.shimPid)));
  }

  /** Waits until containerd has cleaned up: what it says of the container, and no process is left. */
  async end(): Promise<object> {
    await untilNotReady(this.pod);
    const status = await untilSo("the container to have ended", async () => {
      const now = await statusOf(this.pod.containerd, this.id);
      return now["state"] === EXITED ? now : undefined;
    });
    await untilSo("all processes to be gone", async () => {
      const alive = await Promise.all(this.#pids.map(isAlive));
      return !alive.includes(true);
    });
    return { exitCode: status["exitCode"], reason: status["reason"] };
  }
}

async function untilNotReady(pod: Pod): Promise<void> {
  await untilSo("the pod to be no longer ready", async () => {
    const { status } = await pod.containerd.cri.call("PodSandboxStatus", { podSandboxId: pod.id });
    return (status as Message)["state"] === NOT_READY;
  });
}

async function untilSo<Value>(what: string, look: () => Promise<Value | false | undefined>): Promise<Value> {
  const wait = { what, timeoutMs: 15_000, intervalMs: 20, see: "containerd.log" };
  return pollUntil(
    wait,
    async () => {
      const value = await look();
      return value === false ? undefined : value;
    },
    AbortSignal.timeout(60_000),
  );
}

/** The shim is the parent of the processes that it has started. */
async function parentOf(pid: number): Promise<number> {
  const parent = (await readProcess(pid))?.parent;
  if (parent === undefined || parent <= 1) throw new Error(`Cannot find the shim of process ${String(pid)}`);
  return parent;
}
