import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteResponse } from "@rcm/shim/proto/task";
import { expect } from "chai";
import { runCommand, tryCommand } from "../cluster/run-command.ts";
import { LATE, POD, withPod } from "./support/direct-pod.ts";
import type { DirectPod } from "./support/direct-pod.ts";
import type { DirectShim } from "./support/direct-shim.ts";
import { Faults } from "./support/faults.ts";
import { runcOptions } from "./support/runc-options.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";
import type { TaskClient } from "./support/task-client.ts";
import type { TestContainerd } from "./support/test-containerd.ts";

const EXIT = ["sh", "-c", "exit 3"];

describeOnEach("the command delete", ({ containerd, version, it }) => {
  // The shim is started by hand, so one version is enough.
  if (version !== "1.7" || subjectIsRunc()) return;

  it("is answered after an orderly end without Node, by what the shim has said", async () => {
    const begun = Date.now();
    await inPod(containerd(), EXIT, async ({ late, unpacked }, client) => {
      await client.run(late);
      await client.call("Wait", { id: LATE });
      const { pid } = await client.call("Delete", { id: LATE });
      const record = await recordOf(late);
      expect(await late.command("delete", limit())).to.include({ code: 0, stdout: String(record), stderr: "" });
      expect(await unpacked()).to.equal(false);
      const { exitedAt, ...response } = DeleteResponse.decode(record ?? Buffer.alloc(0));
      expect(response).to.deep.equal({ pid, exitStatus: 3 });
      expect(Number(exitedAt?.seconds)).to.be.within(Math.floor(begun / 1000), Math.ceil(Date.now() / 1000));
    });
  });

  for (const [title, spoil] of [
    ["that was cut off", async ({ late }) => writeFile(recordPath(late), "")],
    ["that is too long", async ({ late }) => writeFile(recordPath(late), "\x08".repeat(64))],
    ["without an address", async ({ late }) => writeFile(join(late.bundle, "address"), "")],
    ["of a shim that was killed then", async ({ late }, client) => killShim(client, late)],
  ] as readonly (readonly [string, (pod: DirectPod, client: TaskClient) => Promise<void>])[]) {
    it(`is answered by Node for a record ${title}`, async () => {
      await inPod(containerd(), EXIT, async (pod, client) => {
        await client.run(pod.late);
        await client.call("Wait", { id: LATE });
        await client.call("Delete", { id: LATE });
        await spoil(pod, client);
        const spoilt = await recordOf(pod.late);
        const { code, stdout, stderr } = await pod.late.command("delete", limit());
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
        expect(stdout).to.not.equal(String(spoilt));
        expect(await pod.unpacked()).to.equal(true);
      });
    });
  }

  it("takes away what a shim has left that was killed", async () => {
    await inPod(containerd(), undefined, async ({ late }, client) => {
      await client.run(late);
      await killShim(client, late);
      expect(await recordOf(late)).to.equal(undefined);
      expect(await containersOf(containerd())).to.deep.equal([LATE]);
      expect(await late.command("delete", limit())).to.include({ code: 0, stderr: "" });
      expect(await containersOf(containerd())).to.deep.equal([]);
    });
  });

  it("of a pod's first container takes away the others, which it had when that was deleted", async () => {
    await inPod(containerd(), undefined, async ({ first, late }, client) => {
      await client.run(first);
      await client.run(late);
      await end(client, POD);
      expect(await recordOf(first)).to.equal(undefined);
      await killShim(client, first);
      expect(await first.command("delete", limit())).to.include({ code: 0, stderr: "" });
      expect(await containersOf(containerd())).to.deep.equal([]);
    });
  });

  it("of a pod's first container takes away what a new shim in the place of the dead one does not have", async () => {
    await inPod(containerd(), undefined, async ({ first, late }, client) => {
      await client.run(first);
      await client.run(late);
      await killShim(client, first);
      const next = await first.connect(limit());
      expect(await next.call("Connect", { id: LATE })).to.include({ taskPid: 0 });
      expect(await first.command("delete", limit())).to.include({ code: 0, stderr: "" });
      expect(await containersOf(containerd())).to.deep.equal([]);
      expect(await next.call("Connect", { id: LATE })).to.include({ taskPid: 0 });
    });
  });

  it("of a pod's first container spares those that its shim has", async () => {
    await inPod(containerd(), undefined, async ({ first, late }, client) => {
      await client.run(first);
      await client.run(late);
      expect(await first.command("delete", limit())).to.include({ code: 0, stderr: "" });
      expect(await containersOf(containerd())).to.deep.equal([LATE]);
      await client.call("Wait", { id: POD });
      await client.call("Delete", { id: POD });
      await end(client, LATE);
    });
  });

  it("unmounts, goes on and answers when runc fails", async () => {
    const faults = await Faults.plant(containerd());
    await inPod(containerd(), undefined, async ({ first, late }, client) => {
      const roots = [first, late].map(({ bundle }) => join(bundle, "rootfs"));
      for (const root of roots) await runCommand(["mount", "--bind", root, root], { timeoutMs: 5000 }, limit());
      try {
        const options = runcOptions({ binaryName: join(faults.folder, "runc") });
        for (const each of [first, late]) await client.run(each, options);
        await killShim(client, first);
        await faults.set("delete");
        const { code, stdout, stderr } = await first.command("delete", limit());
        expect({ code, warnings: stderr.split("\n").toSorted() }).to.deep.equal({
          code: 0,
          warnings: ["", ...[LATE, POD].map((id) => `Cannot delete container "${id}": planted fault in delete`)],
        });
        expect(stdout).to.not.equal("");
        expect(await readFile("/proc/self/mounts", "utf8")).to.not.include(`${containerd().folder}/bundles/`);
        expect(await containersOf(containerd())).to.have.members([POD, LATE]);
      } finally {
        await faults.clear();
        for (const root of roots) await tryCommand(["umount", "--lazy", root], { timeoutMs: 5000 }, limit());
      }
      expect(await first.command("delete", limit())).to.include({ code: 0, stderr: "" });
      expect(await containersOf(containerd())).to.deep.equal([]);
    });
  });

  it("of a pod's first container needs no Node if that was deleted last", async () => {
    await inPod(containerd(), undefined, async ({ first, late }, client) => {
      await client.run(first);
      await client.run(late);
      await end(client, LATE);
      await end(client, POD);
      const record = await recordOf(first);
      expect(record?.length).to.be.greaterThan(0);
      expect(await first.command("delete", limit())).to.include({ code: 0, stdout: String(record), stderr: "" });
    });
  });

  it("does not go by what was said of an earlier container in the same place", async () => {
    await inPod(containerd(), undefined, async ({ late }, client) => {
      await client.run(late);
      await end(client, LATE);
      expect(await recordOf(late)).to.not.equal(undefined);
      await client.run(late);
      expect(await recordOf(late)).to.equal(undefined);
      await end(client, LATE);
    });
  });
});

function limit(): AbortSignal {
  return AbortSignal.timeout(TEST_TIMEOUT_MS);
}

/** With a client of the shim, which both containers have found. */
async function inPod(
  containerd: TestContainerd,
  args: readonly string[] | undefined,
  work: (pod: DirectPod, client: TaskClient) => Promise<void>,
): Promise<void> {
  await withPod(
    containerd,
    async (pod) => {
      await pod.first.fillRoot(limit());
      await pod.late.fillRoot(limit());
      await work(pod, await pod.late.connect(limit()));
    },
    args,
  );
}

async function end(client: TaskClient, id: string): Promise<void> {
  await client.call("Kill", { id, signal: 9 });
  await client.call("Wait", { id });
  await client.call("Delete", { id });
}

async function killShim(client: TaskClient, { id }: DirectShim): Promise<void> {
  const { shimPid } = await client.call("Connect", { id });
  process.kill(Number(shimPid), "SIGKILL");
  await client.closed(limit());
}

function recordPath({ bundle }: DirectShim): string {
  return join(bundle, "deleted");
}

async function recordOf(shim: DirectShim): Promise<Buffer | undefined> {
  return readFile(recordPath(shim)).catch(() => undefined);
}

/** Those of the pod that runc knows. */
async function containersOf({ namespace }: TestContainerd): Promise<string[]> {
  const argv = ["runc", "--root", join("/run/containerd/runc", namespace), "list", "-q"];
  const { stdout } = await tryCommand(argv, { timeoutMs: 10_000 }, limit());
  return stdout.split("\n").filter((id) => id === POD || id === LATE);
}
