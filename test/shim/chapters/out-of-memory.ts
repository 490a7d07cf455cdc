import { expect } from "chai";
import type { Life } from "../support/life.ts";

const MEBIBYTE = 1024 * 1024;
const REASON = "OOMKilled";

/** How containers end of which a process takes more memory than they may have: the first process, or a child of it. */
export async function outOfMemoryChapter(life: Life): Promise<void> {
  const pod = await life.runPod("memory");
  const resources = { memoryLimitInBytes: 16 * MEBIBYTE };
  const greedy = await life.start(pod, "greedy", ["sh", "-c", "exec tail < /dev/zero"], { resources });
  expect(await life.exited("greedy", greedy, REASON)).to.include({ exitCode: 137, reason: REASON });
  const child = await life.start(pod, "greedy-child", ["sh", "-c", "tail < /dev/zero; exit 11"], { resources });
  expect(await life.exited("greedy-child", child, REASON)).to.include({ exitCode: 11 });
  await life.call("ListContainers", { filter: { podSandboxId: pod.id } });
  await pod.remove();
}
