import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { buildGuest } from "../guests/build-guest.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { outputIn, readLog } from "./support/log-file.ts";
import { Pod, type ContainerOptions } from "./support/pods.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { EXITED, statusOf } from "./support/status.ts";
import type { TestContainerd } from "./support/test-containerd.ts";
import { importArtifact, importFileImage } from "./support/wasm-images.ts";

const PORT = 8080;
const ANSWER_MS = 60_000;
/** As strict as Kubernetes' "restricted", with 128 MiB. */
const STRICT: ContainerOptions = {
  resources: { memoryLimitInBytes: String(128 * 1024 * 1024) },
  security: {
    runAsUser: { value: "1000" },
    runAsGroup: { value: "1000" },
    readonlyRootfs: true,
    capabilities: { dropCapabilities: ["ALL"] },
  },
};
const VARIABLES = { envs: [{ key: "PORT", value: String(PORT) }] };

describeOnEach("a container of a Wasm component", ({ version, containerd, it }) => {
  it("answers requests: user 1000, no capabilities, read-only root, 128 MiB", async () => {
    const wasm = await readFile(await buildGuest("c-http"));
    const image = await importFileImage(containerd(), "wasm-http", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-http", "spin");
    const id = await pod.start("main", [], { ...STRICT, config: { ...VARIABLES, image: { image } } });
    expect(await answerOf(pod)).to.match(/^hello from c/);
    expect(await readLog(pod, "main")).to.match(/^stderr F \{.*"message":"Serving","address":"0.0.0.0","port":8080/m);
    const refused = await containerd()
      .cri.call("ExecSync", { containerId: id, cmd: ["sh"], timeout: "5" })
      .catch((error: unknown) => String(error));
    expect(refused).to.include("it runs a Wasm component, which has no programs; use logs or an HTTP probe");
    await containerd().cri.call("StopContainer", { containerId: id, timeout: "30" }, 40_000);
    expect(await statusOf(containerd(), id)).to.include({ exitCode: 0 });
    await pod.remove();
  });

  it("answers requests of a JavaScript engine of 13 MB within 128 MiB, many at once", async () => {
    const wasm = await readFile(await buildGuest("js-http"));
    const image = await importFileImage(containerd(), "wasm-js", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-js", "spin");
    await pod.start("main", [], { ...STRICT, config: { ...VARIABLES, image: { image } } });
    await answerOf(pod);
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, async () => answerOf(pod)));
      expect(new Set(answers)).to.deep.equal(new Set(["hello from js, call 1\n"]));
    }
    await pod.remove();
  });

  it("runs a command: arguments, variables, exit code, a volume to read and to write", async () => {
    const wasm = await readFile(join(await buildRustGuest("rust-host"), "rust-command.wasm"));
    const image = await importFileImage(containerd(), "wasm-command", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-command", "spin");
    const volume = join(pod.logFolder, "volume");
    await mkdir(volume);
    await chmod(volume, 0o777);
    await writeFile(join(volume, "in"), "of the volume\n");
    const config = {
      image: { image },
      envs: [{ key: "NODE_OPTIONS", value: "--no-such-flag" }],
      mounts: [{ containerPath: "/data", hostPath: volume }],
    };
    async function output(name: string, args: readonly string[]): Promise<string> {
      const id = await pod.start(name, [], { ...STRICT, config: { ...config, args } });
      const exitCode = await exitCodeOf(containerd(), id);
      const log = await readLog(pod, name);
      return `${String(exitCode)} ${outputIn(log, "stdout")}${outputIn(log, "stderr")}`;
    }
    expect(await output("arguments", ["arguments", "a", "--b"])).to.equal('0 ["a", "--b"]\n');
    expect(await output("environment", ["environment"])).to.include('("NODE_OPTIONS", "--no-such-flag")');
    expect(await output("exit", ["exit", "1"])).to.equal("1 ");
    expect(await output("read", ["read", "/data/in"])).to.equal("0 of the volume\n");
    expect(await output("write", ["write", "/data/out", "from the guest"])).to.equal("0 ");
    expect(await readFile(join(volume, "out"), "utf8")).to.equal("from the guest");
    expect(await output("outside", ["read", "/../../proc/self/environ"])).to.match(/^0 .*(not permitted|No such)/i);
    expect(await output("trap", ["trap"])).to.match(/^137 \{.*unreachable/);
    await pod.remove();
  });

  it("ends with one clear line if the component makes no sense", async () => {
    const broken = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 99, 99]);
    const image = await importFileImage(containerd(), "wasm-broken", broken, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-broken", "spin");
    const id = await pod.start("main", [], { ...STRICT, config: { image: { image } } });
    expect(await exitCodeOf(containerd(), id)).to.equal(1);
    expect(await readLog(pod, "main")).to.match(/^stderr F Cannot [^\n]+\n$/);
    await pod.remove();
  });

  if (version === "1.6") return; // It cannot import images whose layers are no archives, before 1.6.25.

  it("answers requests where the image is an artifact of one component", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const image = await importArtifact(containerd(), "wasm-artifact", await buildGuest("c-http"), signal);
    const pod = await Pod.run(containerd(), "wasm-artifact", "spin");
    await pod.start("main", ["/"], { ...STRICT, config: { ...VARIABLES, image: { image } } });
    expect(await answerOf(pod)).to.match(/^hello from c/);
    await pod.remove();
  });
});

/** Of the pod's server, which may have to start first. */
async function answerOf(pod: Pod): Promise<string> {
  const { status } = await pod.containerd.cri.call("PodSandboxStatus", { podSandboxId: pod.id });
  const { ip } = (status as { readonly network: { readonly ip: string } }).network;
  const end = Date.now() + ANSWER_MS;
  for (;;) {
    try {
      return await (await fetch(`http://${ip}:${String(PORT)}/`)).text();
    } catch (error) {
      if (Date.now() > end) throw new Error(`Cannot reach the guest: ${await readLog(pod, "main")}`, { cause: error });
      await delay(50);
    }
  }
}

async function exitCodeOf(containerd: TestContainerd, id: string): Promise<unknown> {
  for (const end = Date.now() + ANSWER_MS; Date.now() < end; await delay(50)) {
    const status = await statusOf(containerd, id);
    if (status["state"] === EXITED) return status["exitCode"];
  }
  throw new Error(`Cannot wait for container ${id}: it has not ended after ${String(ANSWER_MS)} ms`);
}
