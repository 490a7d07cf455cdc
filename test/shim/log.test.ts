import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pollUntil } from "../cluster/poll-until.ts";
import { runCommand } from "../cluster/run-command.ts";
import { LATE, POD, withPod } from "./support/direct-pod.ts";
import type { DirectShim } from "./support/direct-shim.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";

const RUNNING = 2;
const REFUSAL = "SIGTERM is not obeyed: there are containers";

describeOnEach("a shim with containers", ({ containerd, version, it }) => {
  // The shim is started by hand, so one version is enough.
  if (version !== "1.7" || subjectIsRunc()) return;

  it("lives on after SIGINT, SIGHUP and SIGTERM, and says so in its log", async () => {
    await withPod(containerd(), async ({ first }) => {
      await first.fillRoot(limit());
      const client = await first.connect(limit());
      await client.run(first);
      const { shimPid } = await client.call("Connect", { id: POD });
      for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) {
        process.kill(Number(shimPid), signal);
        expect(await client.call("State", { id: POD })).to.include({ status: RUNNING });
      }
      await untilLogged(first);
      expect(await client.call("State", { id: POD })).to.include({ status: RUNNING });
      await end(client, POD);
    });
  });

  it("lives on when memory runs out while it can open no more files", async () => {
    const hungry = ["sh", "-c", "until [ -e /go ]; do sleep 0.05; done; x=$(head -c 100000000 /dev/zero | tr '\\0' x)"];
    await withPod(
      containerd(),
      async ({ first }) => {
        await first.fillRoot(limit());
        await limitMemory(first);
        const client = await first.connect(limit());
        await client.run(first);
        const { shimPid } = await client.call("Connect", { id: POD });
        process.kill(Number(shimPid), "SIGTERM");
        await untilLogged(first); // So the log is open.
        await limitOpenFiles(shimPid, "4");
        await writeFile(join(first.bundle, "rootfs/go"), "");
        expect(await client.call("Wait", { id: POD }))
          .to.have.property("exitStatus")
          .that.is.oneOf([0, 1, 137]);
        await limitOpenFiles(shimPid, "1024");
        expect(await client.call("Connect", { id: POD })).to.have.property("shimPid", shimPid);
        await untilLogged(first, "It is not known whether a container has run out of memory");
        await client.call("Delete", { id: POD });
      },
      hungry,
    );
  });

  it("goes on with its log in that of a later container when the first is gone", async () => {
    await withPod(containerd(), async ({ first, late }) => {
      for (const each of [first, late]) await each.fillRoot(limit());
      const client = await first.connect(limit());
      for (const each of [first, late]) await client.run(each);
      const { shimPid } = await client.call("Connect", { id: POD });
      process.kill(Number(shimPid), "SIGTERM");
      await untilLogged(first);
      await end(client, POD);
      await first.removeLog();
      expect(await late.logged()).to.deep.equal([]);
      process.kill(Number(shimPid), "SIGTERM");
      await untilLogged(late);
      await end(client, LATE);
    });
  });
});

/** To 32 MiB. */
async function limitMemory({ bundle }: DirectShim): Promise<void> {
  const file = join(bundle, "config.json");
  const config = JSON.parse(await readFile(file, "utf8")) as { readonly linux: object };
  const linux = { ...config.linux, resources: { memory: { limit: 32 * 1024 * 1024 } } };
  await writeFile(file, JSON.stringify({ ...config, linux }));
}

async function limitOpenFiles(pid: unknown, soft: string): Promise<void> {
  await runCommand(["prlimit", "--pid", String(pid), `--nofile=${soft}:`], { timeoutMs: 5000 }, limit());
}

async function untilLogged(shim: DirectShim, message = REFUSAL): Promise<void> {
  await pollUntil(
    { what: `"${message}" in the log`, timeoutMs: 5000, intervalMs: 20, see: shim.bundle },
    async () => ((await shim.logged()).includes(message) ? true : undefined),
    limit(),
  );
}

async function end(client: Awaited<ReturnType<DirectShim["connect"]>>, id: string): Promise<void> {
  await client.call("Kill", { id, signal: 9 });
  await client.call("Wait", { id });
  await client.call("Delete", { id });
}

function limit(): AbortSignal {
  return AbortSignal.timeout(TEST_TIMEOUT_MS);
}
