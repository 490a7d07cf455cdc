import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeInfo } from "@rcm/shim/proto/runtime-info";
import { expect } from "chai";
import { pollUntil } from "../cluster/poll-until.ts";
import { tryCommand } from "../cluster/run-command.ts";
import { LATE, POD, podSpec, withPod } from "./support/direct-pod.ts";
import { isAlive, listProcesses } from "./support/processes.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";

describeOnEach("the command start of a pod's later container", ({ containerd, version, it }) => {
  // The shim is started by hand, so one version is enough.
  if (version !== "1.7" || subjectIsRunc()) return;

  it("is answered without Node, which would unpack its libraries", async () => {
    await withPod(containerd(), async ({ late, address, unpacked }) => {
      expect(await late.command("start", limit())).to.include({ code: 0, stdout: address, stderr: "" });
      expect(await readFile(join(late.bundle, "address"), "utf8")).to.equal(address);
      expect(await unpacked()).to.equal(false);
    });
  });

  for (const [title, spoil] of [
    ["whose address is not known", async (folder) => rm(join(folder, POD, "address"))],
    ["whose address is none", async (folder) => writeFile(join(folder, POD, "address"), "unix:///run/a b")],
    [
      "whose address is too long",
      async (folder) => writeFile(join(folder, POD, "address"), `unix:///${"a".repeat(200)}`),
    ],
    [
      "whose address is that of nobody",
      async (folder) => writeFile(join(folder, POD, "address"), "unix:///run/nobody"),
    ],
    ["of a newer containerd", async (folder) => writeFile(join(folder, POD, "bootstrap.json"), "{}")],
    [
      "with a specification too large",
      async (folder) => writeFile(specIn(folder), podSpec({ x: "a".repeat(300_000) })),
    ],
    [
      "with another group too",
      async (folder) => writeFile(specIn(folder), podSpec({ [GROUP_KEY]: POD, a: "\n" }, "x")),
    ],
  ] as readonly (readonly [string, (folder: string) => Promise<void>])[]) {
    it(`is answered the same by Node for one ${title}`, async () => {
      await withPod(containerd(), async ({ late, address, unpacked }) => {
        await spoil(join(late.bundle, ".."));
        expect(await late.command("start", limit())).to.include({ code: 0, stdout: address, stderr: "" });
        expect(await readFile(join(late.bundle, "address"), "utf8")).to.equal(address);
        expect(await unpacked()).to.equal(true);
      });
    });
  }

  it("starts another shim if that of the pod was killed", async () => {
    await withPod(containerd(), async ({ late, address }) => {
      const shims = (await listProcesses()).filter(({ command }) => command.includes(` -id ${POD} `));
      expect(shims.length).to.equal(1);
      for (const { pid } of shims) {
        process.kill(pid, "SIGKILL");
        await pollUntil(
          { what: "the shim's end", timeoutMs: 10_000, intervalMs: 5, see: late.bundle },
          async () => ((await isAlive(pid)) ? undefined : true),
          limit(),
        );
      }
      expect(await late.command("start", limit())).to.include({ code: 0, stdout: address });
      const client = await late.connect(limit());
      expect(await client.call("Connect", { id: "" })).to.have.property("shimPid");
    });
  });
});

describeOnEach("what a shim says of itself", ({ containerd, version, it }) => {
  if (version !== "2.1" || subjectIsRunc()) return;

  it("is its version for -v, on standard output", async () => {
    const { stdout, stderr } = await tryCommand([containerd().shim, "-v"], { timeoutMs: 10_000 }, limit());
    expect(stdout).to.match(/^containerd-shim-spin-v2:\n {2}Version: \d+\.\d+\.\d+\S*\n {2}Node: v26\.\d+\.\d+\n$/);
    expect(stderr).to.equal("");
  });

  it("is what containerd asks with -info", async () => {
    const argv = [containerd().shim, "-info"];
    const { stdout, stderr } = await tryCommand(argv, { timeoutMs: 10_000 }, limit());
    const { name, version: info } = RuntimeInfo.decode(Buffer.from(stdout));
    expect(name).to.equal("io.containerd.spin.v2");
    expect(info?.version).to.match(/^\d+\.\d+\.\d+/);
    expect(stderr).to.equal("");
  });

  it("is what containerd tells those who ask it", async () => {
    const { shim } = containerd();
    const { stdout } = await containerd().ctr(["plugins", "inspect-runtime", "--runtime", shim], limit());
    expect(JSON.parse(stdout)).to.have.property("Name", "io.containerd.spin.v2");
  });
});

const GROUP_KEY = "io.containerd.runc.v2.group";

function limit(): AbortSignal {
  return AbortSignal.timeout(TEST_TIMEOUT_MS);
}

function specIn(folder: string): string {
  return join(folder, LATE, "config.json");
}
