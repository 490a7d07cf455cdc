import { chmod, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pollUntil } from "../cluster/poll-until.ts";
import { runCommand } from "../cluster/run-command.ts";
import { DirectShim } from "./support/direct-shim.ts";
import { readProcess } from "./support/processes.ts";
import { runcOptions } from "./support/runc-options.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";
import type { TaskClient } from "./support/task-client.ts";

const PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process";

const FAILED_PRECONDITION = 9;

describeOnEach("a command in a container", ({ containerd, version, it }) => {
  // The shim is started by hand, so one version is enough.
  if (version !== "1.7" || subjectIsRunc()) return;

  /** With a container that is made with the options. */
  async function withContainer(
    options: (shim: DirectShim) => Promise<object | undefined>,
    work: (shim: DirectShim, client: TaskClient) => Promise<void>,
  ): Promise<void> {
    const shim = new DirectShim(containerd(), "commands");
    await shim.prepare();
    try {
      await shim.fillRoot(limit());
      const client = await shim.connect(limit());
      await client.run(shim, await options(shim));
      await work(shim, client);
      await client.call("Delete", { id: shim.id });
    } finally {
      await shim.remove(limit());
    }
  }

  it("may have an environment of more than a megabyte", async () => {
    await withContainer(
      async () => undefined,
      async ({ id }, client) => {
        const variables = Array.from({ length: 15 }, (_, index) => `V${String(index)}=${"x".repeat(100_000)}`);
        await client.call("Exec", { id, execId: "large", spec: spec(["true"], variables) });
        await client.call("Start", { id, execId: "large" });
        expect(await client.call("Wait", { id, execId: "large" })).to.include({ exitStatus: 0 });
        await end(client, id);
      },
    );
  });

  it("has FIFOs of the owner whom the container's options name", async () => {
    await withContainer(
      async () => Promise.resolve(runcOptions({ ioGid: 1235 })),
      async ({ id, bundle }, client) => {
        const stdout = join(bundle, "stdout");
        await runCommand(["mkfifo", stdout], { timeoutMs: 5000 }, limit());
        await client.call("Exec", { id, execId: "owned", spec: spec(["true"]), stdout });
        await client.call("Start", { id, execId: "owned" });
        expect(await stat(stdout)).to.include({ gid: 1235 }); // runc itself gives them to the command's user.
        await end(client, id);
      },
    );
  });

  it("that is just being started ends before its container does, for those who wait", async () => {
    await withContainer(slowRunc, async ({ id, bundle }, client) => {
      const process = { id, execId: "starting" };
      await client.call("Exec", { ...process, spec: spec(["true"]) });
      await client.call("Exec", { id, execId: "late", spec: spec(["true"]) });
      const order: string[] = [];
      const waits = ["", "starting"].map(async (execId) => {
        await client.call("Wait", { id, execId });
        order.push(execId);
      });
      const starting = client.call("Start", process);
      await pollUntil(
        { what: "runc to be at work", timeoutMs: 10_000, intervalMs: 10, see: bundle },
        async () => stat(join(bundle, "begun")).catch(() => undefined),
        limit(),
      );
      const { pid } = await client.call("State", { id });
      await client.call("Kill", { id, signal: 9 });
      await pollUntil(
        { what: "the container's process to be gone", timeoutMs: 10_000, intervalMs: 5, see: bundle },
        async () => ((await readProcess(Number(pid))) === undefined ? true : undefined),
        limit(),
      );
      // The container's end is known and not told yet.
      const late = await client.call("Start", { id, execId: "late" }).catch((error: unknown) => error);
      expect(order).to.deep.equal([]);
      await writeFile(join(bundle, "go"), "");
      await Promise.all([starting, ...waits]);
      expect(order).to.deep.equal(["starting", ""]);
      expect(late).to.have.property("code", FAILED_PRECONDITION);
    });
  });
});

/** It says that it was started for a command when that has run, and ends once it may, or 8 s later. */
async function slowRunc({ bundle }: DirectShim): Promise<object> {
  const binaryName = join(bundle, "slow-runc");
  const isExec = 'case " $* " in *" exec "*)';
  const wait = `i=0; until [ -e ${bundle}/go ] || [ $i -ge 400 ]; do i=$((i+1)); sleep 0.02; done`;
  await writeFile(
    binaryName,
    `#!/bin/sh\nrunc "$@"\ncode=$?\n${isExec} : > ${bundle}/begun; ${wait} ;; esac\nexit $code\n`,
  );
  await chmod(binaryName, 0o755);
  return runcOptions({ binaryName });
}

async function end(client: TaskClient, id: string): Promise<void> {
  await client.call("Kill", { id, signal: 9 });
  await client.call("Wait", { id });
}

function spec(args: readonly string[], variables: readonly string[] = []): object {
  const process = { args, cwd: "/", env: ["PATH=/bin", ...variables] };
  return { typeUrl: PROCESS, value: Buffer.from(JSON.stringify(process)) };
}

function limit(): AbortSignal {
  return AbortSignal.timeout(TEST_TIMEOUT_MS);
}
