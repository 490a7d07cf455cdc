import { DirectShim } from "../../shim/support/direct-shim.ts";
import { memoryOf } from "../../shim/support/processes.ts";
import type { TaskClient } from "../../shim/support/task-client.ts";
import type { TestContainerd } from "../../shim/support/test-containerd.ts";
import { timed } from "./spread.ts";

const EXECS = 100_000;
const LOOKS = 10;
const AT_ONCE = 8;
const CALL_MS = 60_000;
const PROCESS = {
  typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process",
  value: Buffer.from(JSON.stringify({ user: { uid: 0, gid: 0 }, args: ["/bin/true"], cwd: "/" })),
};

/** Commands in one container, each made, started, waited for and deleted by the shim, and what memory that leaves it. */
export async function measureEndurance(containerd: TestContainerd, signal: AbortSignal): Promise<string[]> {
  const shim = new DirectShim(containerd, "endure");
  await shim.prepare();
  await shim.fillRoot(signal);
  const lines: string[] = [];
  try {
    const { id, bundle } = shim;
    const client = await shim.connect(signal);
    const pid = Number((await client.call("Connect", { id }))["shimPid"]);
    await client.call("Create", { id, bundle });
    await client.call("Start", { id });
    await execute(client, id, EXECS / 1000); // What is loaded once, is then.
    lines.push(`before  ${await memoryText(pid)}`);
    for (let look = 1; look <= LOOKS; look += 1) {
      const count = EXECS / LOOKS;
      const ms = await timed(async () => execute(client, id, count));
      const rate = ((count * 1000) / ms).toFixed(0);
      lines.push(`${String(count * look)} commands  ${await memoryText(pid)}, ${rate}/s, ${String(failed)} failed`);
      console.error(lines.at(-1)); // It takes long.
    }
  } finally {
    await shim.remove(signal);
  }
  return lines;
}

let made = 0;
/** runc could not execute. */
let failed = 0;

async function execute(client: TaskClient, id: string, count: number): Promise<void> {
  let left = count;
  async function worker(): Promise<void> {
    while (left > 0) {
      left -= 1;
      made += 1;
      const execId = `e${String(made)}`;
      await client.call("Exec", { id, execId, spec: PROCESS }, CALL_MS);
      const ends = client.call("Wait", { id, execId }, CALL_MS);
      const starts = client.call("Start", { id, execId }, CALL_MS).catch((error: unknown) => {
        if (!String(error).includes("OCI runtime exec failed")) throw error;
        failed += 1;
        return undefined;
      });
      const [{ exitStatus }, started] = await Promise.all([ends, starts]);
      if (started !== undefined && exitStatus !== 0) {
        throw new Error(`Cannot measure: a command ended with ${String(exitStatus)}`);
      }
      await client.call("Delete", { id, execId }, CALL_MS);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function memoryText(pid: number): Promise<string> {
  const { residentBytes, uniqueBytes } = await memoryOf(pid);
  return `RSS ${(residentBytes / 1e6).toFixed(1)} MB, private ${(uniqueBytes / 1e6).toFixed(1)} MB`;
}
