import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { Ctr } from "./support/ctr.ts";
import { Pod } from "./support/pods.ts";
import { memoryOf, readProcess } from "./support/processes.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { sandboxPidOf } from "./support/status.ts";
import type { TestContainerd } from "./support/test-containerd.ts";

const MEBIBYTE = 1024 * 1024;
const EXECS = 500;

/** What a shim's memory may grow by, however many commands its containers run. */
const GROWTH_BYTES = 24 * MEBIBYTE;
/** And while it copies their output, with what V8 has not collected yet: up to 13 MiB were seen. */
const COPYING_BYTES = 64 * MEBIBYTE;

describeOnEach("a shim's memory", ({ containerd, version, it }) => {
  // The shim is the same: one version is enough for what takes long.
  if (version !== "2.1") return;

  for (const [title, flags, bytes] of [
    ["1 GB of output without a newline", [], 1e9],
    ["200 MB of them to a terminal", ["-t"], 2e8],
  ] as const) {
    it(`does not grow by ${title}`, async () => {
      const ctr = new Ctr(containerd(), "spin", AbortSignal.timeout(TEST_TIMEOUT_MS));
      const script = `until [ -e /go ]; do sleep 0.05; done; head -c ${String(bytes)} /dev/zero; exit 3`;
      const argv = ctr.runArgv("loud", ["--rm", ...flags], ["sh", "-c", script]);
      const line = flags.length === 0 ? `"$@" > /dev/null` : `script -qec "$*" /dev/null > /dev/null < /dev/null`;
      const quoted = flags.length === 0 ? argv : argv.map((word) => `'${word}'`);
      const running = ctr.shell(line, quoted);
      await ctr.untilState("loud", "RUNNING");
      const shim = await parentOf((await ctr.state("loud"))?.pid ?? 0);
      const watch = await Watch.begin(shim);
      await ctr.task("exec", "loud", ["--exec-id", "go"], ["touch", "/go"]);
      expect((await running).code).to.equal(3);
      expect(await watch.end()).to.be.below(COPYING_BYTES);
    });
  }

  it(`does not grow by ${String(EXECS)} commands`, async () => {
    const pod = await Pod.run(containerd(), "execs", "spin");
    const id = await pod.start("main", ["sleep", "1000"]);
    await execute(containerd(), id, 50); // What is loaded once, is then.
    const watch = await Watch.begin(await parentOf(await sandboxPidOf(containerd(), pod.id)));
    await execute(containerd(), id, EXECS);
    expect(await watch.end()).to.be.below(GROWTH_BYTES);
    await pod.remove();
  });
});

async function execute({ cri }: TestContainerd, containerId: string, times: number): Promise<void> {
  let left = times;
  async function worker(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const reply = await cri.call("ExecSync", { containerId, cmd: ["true"], timeout: 10 });
      expect(reply["exitCode"]).to.equal(0);
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function parentOf(pid: number): Promise<number> {
  return (await readProcess(pid))?.parent ?? 0;
}

/** Looks at a process's memory while something goes on. */
class Watch {
  readonly #pid: number;
  readonly #before: number;
  #most = 0;
  #isOver = false;
  #watching: Promise<void> = Promise.resolve();

  private constructor(pid: number, before: number) {
    this.#pid = pid;
    this.#before = before;
  }

  static async begin(pid: number): Promise<Watch> {
    const watch = new Watch(pid, (await memoryOf(pid)).residentBytes);
    watch.#watching = watch.#look();
    return watch;
  }

  /** By how many bytes it was more than at the beginning, at most. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#watching;
    expect(this.#most, "the process was seen").to.be.above(0);
    return this.#most - this.#before;
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      const now = await memoryOf(this.#pid).catch(() => undefined); // It may have ended.
      this.#most = Math.max(this.#most, now?.residentBytes ?? 0);
      await delay(50);
    }
  }
}
