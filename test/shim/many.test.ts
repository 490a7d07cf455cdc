import { expect } from "chai";
import { pollUntil } from "../cluster/poll-until.ts";
import { expectNothingLeft } from "./support/leaks.ts";
import { Pod } from "./support/pods.ts";
import { listProcesses, memoryOf } from "./support/processes.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { statusOf, RUNNING } from "./support/status.ts";
import type { TestContainerd } from "./support/test-containerd.ts";

const PODS = 40;
const AT_ONCE = 8;
const MEBIBYTE = 1024 * 1024;

describeOnEach("many pods", ({ containerd, it }) => {
  it(`are started and removed, ${String(AT_ONCE)} at a time, and leave nothing`, async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    await live(containerd(), AT_ONCE); // What containerd keeps for good, it has then.
    await expectNothingLeft(containerd(), signal);
    const before = await daemonBytes(containerd());
    await live(containerd(), PODS);
    await expectNothingLeft(containerd(), signal);
    expect(await daemonBytes(containerd())).to.be.below(before + 40 * MEBIBYTE);
    await expectAllReaped(containerd(), signal);
  });
});

/** containerd reaps what it has started itself a little later; what it never reaps is nobody's. */
async function expectAllReaped(containerd: TestContainerd, signal: AbortSignal): Promise<void> {
  const daemon = await containerd.pid();
  const wait = { what: "all processes to be reaped", timeoutMs: 10_000, intervalMs: 100, see: containerd.folder };
  await pollUntil(
    wait,
    async () => {
      const zombies = (await listProcesses()).filter(({ state, parent }) => state === "Z" && parent === daemon);
      if (zombies.length > 0) throw new Error(`not reaped: ${zombies.map(({ command }) => command).join(", ")}`);
      return true;
    },
    signal,
  );
}

async function live(containerd: TestContainerd, pods: number): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < pods) {
      const name = `many-${String(next)}`;
      next += 1;
      const pod = await Pod.run(containerd, name, "spin");
      const id = await pod.start("main", ["sleep", "1000"]);
      expect(await statusOf(containerd, id)).to.include({ state: RUNNING });
      await pod.remove();
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function daemonBytes(containerd: TestContainerd): Promise<number> {
  return (await memoryOf((await containerd.pid()) ?? 0)).residentBytes;
}
