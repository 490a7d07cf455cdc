import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import type { Life } from "../support/life.ts";
import { readLog } from "../support/log-file.ts";
import type { Pod } from "../support/pods.ts";
import { readProcess } from "../support/processes.ts";
import { pidOf } from "../support/status.ts";

const SIGNALS = [
  ["HUP", 129],
  ["USR1", 138],
  ["TERM", 143],
  ["KILL", 137],
  ["SEGV", 139],
] as const;

/** How containers end: by themselves, by signals, or before they have begun. */
export async function endsChapter(life: Life): Promise<void> {
  const pod = await life.runPod("ends");
  for (const code of [0, 1, 2, 125, 126, 127, 128, 129, 200, 255]) {
    const status = await life.runToEnd(pod, `code-${String(code)}`, ["sh", "-c", `exit ${String(code)}`]);
    expect(status["exitCode"]).to.equal(code);
  }
  await bySignals(life);
  await stopped(life, pod);
  await life.call("ListContainers", { filter: { podSandboxId: pod.id } });

  const wrong = await life.create(pod, "wrong", ["/no/such/program"]);
  await life.failingCall("StartContainer", { containerId: wrong });
  const { status } = await life.containerd.cri.call("ContainerStatus", { containerId: wrong });
  // The text is the runtime's own; what CRI makes of the failure is not.
  life.note("status of wrong", { ...(status as object), message: "" });
  await life.failing("a mount of what cannot be mounted", async () =>
    pod.start("nomount", ["true"], { config: { mounts: [{ containerPath: "/bin/sh/x", hostPath: "/etc" }] } }),
  );
  await pod.remove();
}

/** Processes that are not the first of their namespace, which signals spare: the pod's processes see each other. */
async function bySignals(life: Life): Promise<void> {
  const pod = await life.runPod("signals", { sharedPids: true });
  for (const [name, code] of SIGNALS) {
    const id = await life.start(pod, `signal-${name}`, ["sleep", "1000"]);
    const pid = await pidOf(life.containerd, id);
    await untilRuns(pid, "sleep");
    process.kill(pid, `SIG${name}`);
    expect(await life.exited(`signal-${name}`, id)).to.include({ exitCode: code });
  }
  const id = await life.start(pod, "self", ["sh", "-c", "kill -ABRT $$"]);
  expect(await life.exited("self", id)).to.include({ exitCode: 134 });
  await pod.remove();
}

/** Once it is started, a process is still runc for a moment, which takes signals in its own way. */
async function untilRuns(pid: number, command: string): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    if ((await readProcess(pid))?.command.startsWith(command) === true) return;
    await delay(10);
  }
  throw new Error(`Cannot wait for process ${String(pid)}: it does not become "${command}"`);
}

/** A grace period that is used, one that passes, and a signal of the image's own. */
async function stopped(life: Life, pod: Pod): Promise<void> {
  const patient = "trap 'echo bye; exit 42' TERM; echo ready; while :; do sleep 0.05; done";
  const polite = await life.start(pod, "polite", ["sh", "-c", patient]);
  await untilReady(life, pod, "polite");
  const from = performance.now();
  await life.call("StopContainer", { containerId: polite, timeout: 20 });
  expect(performance.now() - from).to.be.below(10_000);
  expect(await life.exited("polite", polite)).to.include({ exitCode: 42 });
  await life.log(pod, "polite");

  const deaf = await life.start(pod, "deaf", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]);
  await untilReady(life, pod, "deaf");
  await life.call("StopContainer", { containerId: deaf, timeout: 1 });
  expect(await life.exited("deaf", deaf)).to.include({ exitCode: 137 });
}

async function untilReady(life: Life, pod: Pod, name: string): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    const log = await readLog(pod, name).catch(() => "");
    if (log.includes("ready")) return;
    await delay(20);
  }
  throw new Error(`Cannot wait for "${name}" of handler "${life.handler}": it does not say "ready"`);
}
