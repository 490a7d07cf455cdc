import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readHierarchies } from "../../cluster/cgroups.ts";
import { pollUntil } from "../../cluster/poll-until.ts";
import { runCommand } from "../../cluster/run-command.ts";
import type { Message } from "../support/cri-client.ts";
import type { Life } from "../support/life.ts";
import { isAlive } from "../support/processes.ts";
import { pidOf, sandboxPidOf } from "../support/status.ts";

const MEBIBYTE = 1024 * 1024;
const LIMITS = { memoryLimitInBytes: 64 * MEBIBYTE, cpuPeriod: 100_000, cpuQuota: 50_000, cpuShares: 512 };

/** As runc converts them: 1 + (shares - 2) * 9999 / 262142. */
const WEIGHT_OF_256_SHARES = "10";

/** Limits and what is used of them, being paused, and a sandbox that dies. */
export async function resourcesChapter(life: Life): Promise<void> {
  const { cri } = life.containerd;
  const pod = await life.runPod("resources");
  const work = ["sh", "-c", "x=$(head -c 8000000 /dev/zero | tr '\\0' x); while :; do sleep 0.2; done"];
  const id = await life.start(pod, "worker", work, { resources: LIMITS });
  await life.call("ContainerStatus", { containerId: id });
  life.note("limits", await limitsOf(await pidOf(life.containerd, id)));
  const resources = { ...LIMITS, memoryLimitInBytes: 96 * MEBIBYTE, cpuShares: 256 };
  await life.call("UpdateContainerResources", { containerId: id, linux: resources });
  await life.call("ContainerStatus", { containerId: id });
  const updated = await limitsOf(await pidOf(life.containerd, id));
  const share = (await isVersion2()) ? WEIGHT_OF_256_SHARES : "256";
  expect(updated).to.deep.equal({ memory: String(96 * MEBIBYTE), share, quota: "50000" });
  life.note("limits after the update", updated);

  await used(life, id);
  await life.call("ContainerStats", { containerId: id });
  await life.call("PodSandboxStats", { podSandboxId: pod.id });
  await paused(life, id);

  // One that runs would outlast the sandbox, and then containerd 2.1 forgets runc's shim: see crash.test.ts.
  await life.call("RemoveContainer", { containerId: id });
  process.kill(await sandboxPidOf(life.containerd, pod.id), "SIGKILL");
  const state = await life.step("the sandbox has died", async () => {
    for (;;) {
      const { status } = await cri.call("PodSandboxStatus", { podSandboxId: pod.id });
      if ((status as Message)["state"] === 1) return 1;
      limit().throwIfAborted();
    }
  });
  expect(state).to.equal(1);
  await life.failing("a container in a dead sandbox", async () => pod.start("late", ["true"]));
  await pod.remove();
}

async function paused(life: Life, id: string): Promise<void> {
  const { containerd } = life;
  const ctr = [...containerd.ctrArgv("k8s.io"), "tasks"];
  const options = { timeoutMs: 20_000 };
  await runCommand([...ctr, "pause", id], options, limit());
  const listed = await runCommand([...ctr, "list"], options, limit());
  life.note("paused", new RegExp(`^${id} +\\d+ +(\\w+)`, "m").exec(listed)?.[1]);
  await life.call("ContainerStatus", { containerId: id });
  await life.failing("exec while paused", async () =>
    containerd.cri.call("ExecSync", { containerId: id, cmd: ["true"], timeout: 3 }),
  );
  await runCommand([...ctr, "resume", id], options, limit());
  await life.exec(id, "echo", "awake");
  expect(await isAlive(await pidOf(containerd, id))).to.equal(true);
}

/** Waits until the worker has what it wants: 8 MB, more than once. */
async function used({ containerd }: Life, containerId: string): Promise<void> {
  const wait = { what: "the worker to use memory", timeoutMs: 15_000, see: containerd.folder };
  const { memory, cpu } = await pollUntil(
    wait,
    async () => {
      const { stats } = await containerd.cri.call("ContainerStats", { containerId });
      const now = stats as { readonly memory: Message; readonly cpu: Message };
      return amount(now.memory, "rssBytes") > 7 * MEBIBYTE ? now : undefined;
    },
    limit(),
  );
  expect(amount(memory, "workingSetBytes")).to.be.within(7 * MEBIBYTE, 64 * MEBIBYTE);
  expect(amount(memory, "usageBytes")).to.be.within(7 * MEBIBYTE, 64 * MEBIBYTE);
  expect(amount(memory, "pageFaults")).to.be.above(1000);
  expect(amount(cpu, "usageCoreNanoSeconds")).to.be.within(1_000_000, 30_000_000_000);
}

interface Limits {
  readonly memory: string;
  /** Shares with version 1 of cgroups, a weight with version 2. */
  readonly share: string;
  readonly quota: string;
}

/** As the kernel has them, whichever version of cgroups it is. */
async function limitsOf(pid: number): Promise<Limits> {
  const cgroups = await readFile(`/proc/${String(pid)}/cgroup`, "utf8");
  async function read(controller: string, file: string): Promise<string> {
    const path = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, "m").exec(cgroups)?.[1] ?? "";
    return (await readFile(join("/sys/fs/cgroup", controller, path, file), "utf8")).trim();
  }
  if (await isVersion2()) {
    const [quota = ""] = (await read("", "cpu.max")).split(" ");
    return { memory: await read("", "memory.max"), share: await read("", "cpu.weight"), quota };
  }
  return {
    memory: await read("memory", "memory.limit_in_bytes"),
    share: await read("cpu", "cpu.shares"),
    quota: await read("cpu", "cpu.cfs_quota_us"),
  };
}

async function isVersion2(): Promise<boolean> {
  return (await readHierarchies()).some(({ path, type }) => type === "cgroup2" && path === "/sys/fs/cgroup");
}

function amount(message: Message, field: string): number {
  return Number((message[field] as { readonly value: string }).value);
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(600_000);
}
