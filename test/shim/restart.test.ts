import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import type { Message } from "./support/cri-client.ts";
import { outputIn } from "./support/log-file.ts";
import { Pod } from "./support/pods.ts";
import { isAlive } from "./support/processes.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { EXITED, pidOf, RUNNING, sandboxPidOf, statusOf } from "./support/status.ts";
import { subjectIsRunc } from "./support/subject.ts";
import type { TestContainerd } from "./support/test-containerd.ts";

/** containerd is away for so long. */
const AWAY_MS = 1500;

describeOnEach("a restart of containerd", ({ containerd, it }) => {
  for (const how of ["SIGTERM", "SIGKILL"] as const) {
    it(`by ${how} leaves pods as they were, and the shim loses no byte of their logs`, async () => {
      const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
      const [runc, spin] = await Promise.all(
        ["runc", "spin"].map(async (handler) => Scene.begin(containerd(), handler)),
      );
      if (runc === undefined || spin === undefined) throw new Error("Cannot begin: there are two handlers");
      const scenes = [runc, spin];
      await containerd().stop(how, signal);
      for (const { go } of scenes) await writeFile(go, "");
      await delay(AWAY_MS);
      for (const scene of scenes) await scene.expectAlive();
      await containerd().start(signal);
      for (const scene of scenes) await scene.expectUntouched(1);
      await expectSameEnds(runc, spin);
      await Promise.all(scenes.map(async (scene) => scene.expectInCharge()));
      await Promise.all(scenes.map(async ({ pod }) => pod.remove()));
    });
  }

  it("three times in a row leaves pods as they were", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const scene = await Scene.begin(containerd(), "spin");
    for (let i = 0; i < 3; i += 1) await containerd().restart("SIGKILL", signal);
    await scene.expectUntouched(3);
    await scene.expectInCharge();
    await scene.pod.remove();
  });
});

/** What ended while containerd was away ends as with runc's shim, or as it really did. */
async function expectSameEnds(runc: Scene, spin: Scene): Promise<void> {
  const [expected, seen] = await Promise.all([runc.endOf(runc.quitter), spin.endOf(spin.quitter)]);
  expect(seen["state"]).to.equal(EXITED);
  if (seen["exitCode"] !== 9) expect(seen["exitCode"]).to.equal(expected["exitCode"]);
  if (runc.containerd.version === "1.6" && !subjectIsRunc()) expect(seen["exitCode"]).to.equal(9);
}

/** A pod with a container that writes numbered lines, one that ends soon, and one that waits to be told to end. */
class Scene {
  readonly containerd: TestContainerd;
  readonly pod: Pod;
  readonly writer: string;
  readonly quitter: string;
  readonly waiter: string;
  /** The quitter ends once this file is there. */
  readonly go: string;
  readonly #pids: readonly number[];

  private constructor(
    pod: Pod,
    handler: string,
    ids: readonly [writer: string, quitter: string, waiter: string],
    pids: readonly number[],
  ) {
    this.containerd = pod.containerd;
    this.pod = pod;
    [this.writer, this.quitter, this.waiter] = ids;
    this.#pids = pids;
    this.go = join(pod.containerd.folder, `restart-${handler}`, "go");
  }

  static async begin(containerd: TestContainerd, handler: string): Promise<Scene> {
    const pod = await Pod.run(containerd, "restart", handler);
    const count = "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.02; done";
    const writer = await pod.start("writer", ["sh", "-c", count]);
    const folder = join(containerd.folder, `restart-${handler}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const mounts = [{ containerPath: "/told", hostPath: folder }];
    const wait = "until [ -e /told/go ]; do sleep 0.05; done; exit 9";
    const quitter = await pod.start("quitter", ["sh", "-c", wait], { config: { mounts } });
    const waiter = await pod.start("waiter", ["sh", "-c", "trap 'exit 17' TERM; while :; do sleep 0.05; done"]);
    const pids = await Promise.all([
      sandboxPidOf(containerd, pod.id),
      pidOf(containerd, writer),
      pidOf(containerd, waiter),
    ]);
    return new Scene(pod, handler, [writer, quitter, waiter], pids);
  }

  async expectAlive(): Promise<void> {
    for (const pid of this.#pids) expect(await isAlive(pid)).to.equal(true);
  }

  /**
   * The same processes run, commands can be run, and the log goes on without a gap, but for the one line that containerd may
   * have read and not yet written when it ended: that is lost with every shim.
   */
  async expectUntouched(ends: number): Promise<void> {
    const { cri } = this.containerd;
    const { status } = await cri.call("PodSandboxStatus", { podSandboxId: this.pod.id });
    expect(status).to.include({ state: 0 });
    for (const id of [this.writer, this.waiter]) {
      expect(await statusOf(this.containerd, id)).to.include({ state: RUNNING });
    }
    const pids = [
      await sandboxPidOf(this.containerd, this.pod.id),
      await pidOf(this.containerd, this.writer),
      await pidOf(this.containerd, this.waiter),
    ];
    expect(pids).to.deep.equal(this.#pids);
    await this.expectAlive();
    const reply = await cri.call("ExecSync", {
      containerId: this.writer,
      cmd: ["sh", "-c", "echo hi; exit 5"],
      timeout: 10,
    });
    expect({ code: reply["exitCode"], said: String(reply["stdout"]) }).to.deep.equal({ code: 5, said: "hi\n" });
    const before = (await this.#lines()).length;
    await delay(500);
    const lines = await this.#lines();
    expect(lines.length).to.be.above(before);
    const numbers = lines.map((line) => Number(/^line (\d+)$/.exec(line)?.[1]));
    expect(lines.filter((_, index) => Number.isNaN(numbers[index]))).to.deep.equal([]);
    expect(numbers, "in order, each once").to.deep.equal([...new Set(numbers)].toSorted((one, other) => one - other));
    expect((numbers.at(-1) ?? 0) + 1 - numbers.length, "lines that are missing").to.be.within(0, ends);
  }

  /** Signals and ends are handed on as ever. */
  async expectInCharge(): Promise<void> {
    await this.containerd.cri.call("StopContainer", { containerId: this.waiter, timeout: 10 });
    expect(await this.endOf(this.waiter)).to.include({ exitCode: 17 });
    process.kill(await pidOf(this.containerd, this.writer), "SIGKILL");
    expect(await this.endOf(this.writer)).to.include({ exitCode: 137 });
    const again = await this.pod.start("again", ["sh", "-c", "exit 21"]);
    expect(await this.endOf(again)).to.include({ exitCode: 21 });
  }

  async endOf(id: string): Promise<Message> {
    for (let i = 0; i < 1000; i += 1) {
      const status = await statusOf(this.containerd, id);
      if (status["state"] === EXITED) return status;
      await delay(20);
    }
    throw new Error(`Cannot wait for ${id} to end: it does not within 20 s`);
  }

  /** The whole lines of the writer's log. */
  async #lines(): Promise<readonly string[]> {
    const text = (await readFile(this.pod.logFile("writer"), "utf8")).replaceAll(/^\S+ /gm, "");
    return outputIn(text.slice(0, text.lastIndexOf("\n") + 1), "stdout")
      .trimEnd()
      .split("\n");
  }
}
