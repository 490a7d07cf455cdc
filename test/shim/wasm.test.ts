import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { buildGuest } from "../guests/build-guest.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { outputIn, readLog } from "./support/log-file.ts";
import { askPod, askPodOnce, PORT } from "./support/pod-http.ts";
import { Pod, STRICT_CONTAINER } from "./support/pods.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { EXITED, statusOf } from "./support/status.ts";
import type { TestContainerd } from "./support/test-containerd.ts";
import { importArtifact, importFileImage } from "./support/wasm-images.ts";

const EXIT_MS = 60_000;
const LOG_MS = 20_000;
const VARIABLES = { envs: [{ key: "PORT", value: String(PORT) }] };

describeOnEach("a container of a Wasm component", ({ version, containerd, it }) => {
  it("answers requests: user 1000, no capabilities, read-only root, 128 MiB", async () => {
    const wasm = await readFile(await buildGuest("c-http"));
    const image = await importFileImage(containerd(), "wasm-http", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-http", "spin");
    const id = await pod.start("main", [], { ...STRICT_CONTAINER, config: { ...VARIABLES, image: { image } } });
    expect(await askPod(pod)).to.match(/^hello from c/);
    await untilLogged(pod, /^stderr F \{.*"message":"Serving","address":"0.0.0.0","port":8080/m);
    const refused = await containerd()
      .cri.call("ExecSync", { containerId: id, cmd: ["sh"], timeout: "5" })
      .catch((error: unknown) => String(error));
    expect(refused).to.include("it runs a Wasm component, which has no programs; use logs or an HTTP probe");
    await containerd().cri.call("StopContainer", { containerId: id, timeout: "30" }, 40_000);
    expect(await statusOf(containerd(), id)).to.include({ exitCode: 0 });
    await pod.remove();
  });

  it("counts as started once it listens, each time", async () => {
    const wasm = await readFile(await buildGuest("c-http"));
    const image = await importFileImage(containerd(), "wasm-http", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-listens", "spin");
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const options = { ...STRICT_CONTAINER, config: { ...VARIABLES, image: { image } }, attempt };
      const id = await pod.start("main", [], options);
      expect(await askPodOnce(pod)).to.match(/^hello from c/);
      await containerd().cri.call("StopContainer", { containerId: id, timeout: "0" }, 40_000);
      await containerd().cri.call("RemoveContainer", { containerId: id });
    }
    await pod.remove();
  });

  it("answers requests of a JavaScript engine of 13 MB within 128 MiB, many at once", async () => {
    const wasm = await readFile(await buildGuest("js-http"));
    const image = await importFileImage(containerd(), "wasm-js", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-js", "spin");
    await pod.start("main", [], { ...STRICT_CONTAINER, config: { ...VARIABLES, image: { image } } });
    await askPod(pod);
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, async () => askPod(pod)));
      expect(new Set(answers)).to.deep.equal(new Set(["hello from js, call 1\n"]));
    }
    await pod.remove();
  });

  it("prepares a large component once, before its container starts, which has that mounted read-only", async () => {
    const wasm = await readFile(await buildGuest("js-http"));
    const image = await importFileImage(containerd(), "wasm-js", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-prepared", "spin");
    const id = await pod.start("main", [], { ...STRICT_CONTAINER, config: { ...VARIABLES, image: { image } } });
    expect(await askPodOnce(pod)).to.equal("hello from js, call 1\n");
    const { info } = await containerd().cri.call("ContainerStatus", { containerId: id, verbose: true });
    const { pid } = JSON.parse(String((info as Readonly<Record<string, unknown>>)["info"])) as {
      readonly pid: number;
    };
    const mounts = (await readFile(`/proc/${String(pid)}/mountinfo`, "utf8")).split("\n");
    expect(mounts.find((line) => line.includes(" /prepared/"))).to.match(/ \/prepared\/[0-9a-f]{64} ro,nosuid,nodev/);
    await pod.remove();
  });

  // On a machine with one processor there is nothing to share.
  if (availableParallelism() > 1) {
    it("serves with another thread when one has no time left, if the container may use two processors", async () => {
      const wasm = await readFile(join(await buildRustGuest("rust-host"), "rust_host.wasm"));
      const image = await importFileImage(containerd(), "wasm-busy", wasm, AbortSignal.timeout(TEST_TIMEOUT_MS));
      const pod = await Pod.run(containerd(), "wasm-threads", "spin");
      for (const [attempt, cpuQuota] of ["100000", "200000"].entries()) {
        const resources = { memoryLimitInBytes: String(512 * 1024 * 1024), cpuPeriod: "100000", cpuQuota };
        const config = { ...VARIABLES, image: { image } };
        const id = await pod.start("main", [], { ...STRICT_CONTAINER, resources, config, attempt });
        const file = pod.logFile("main", attempt);
        await askUntil(
          pod,
          async () => (await readFile(file, "utf8")).includes("Thread"),
          attempt === 0 ? 1500 : EXIT_MS,
        );
        await containerd().cri.call("StopContainer", { containerId: id, timeout: "30" }, 40_000);
        expect(await statusOf(containerd(), id)).to.include({ exitCode: 0 });
        const log = await readFile(file, "utf8");
        expect(log).to.not.include("Warning");
        expect(log.match(/"Thread \w+","threads":\d/g) ?? []).to.deep.equal(
          attempt === 0 ? [] : ['"Thread added","threads":2', '"Thread ended","threads":1'],
        );
      }
      await pod.remove();
    });
  }

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
      const id = await pod.start(name, [], { ...STRICT_CONTAINER, config: { ...config, args } });
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

  it("runs core modules of WASI's first version: a command, and a server", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const command = await importFileImage(
      containerd(),
      "wasm-core-command",
      await readFile(await buildGuest("c-cli-core")),
      signal,
    );
    const server = await importFileImage(
      containerd(),
      "wasm-core-http",
      await readFile(await buildGuest("rust-http-core")),
      signal,
    );
    const pod = await Pod.run(containerd(), "wasm-core", "spin");
    const config = { image: { image: command }, envs: [{ key: "GREETING", value: "hello" }], args: ["a"] };
    const id = await pod.start("command", [], { ...STRICT_CONTAINER, config });
    expect(await exitCodeOf(containerd(), id), "it has an argument").to.equal(1);
    const log = await readLog(pod, "command");
    expect(`${outputIn(log, "stderr")}${outputIn(log, "stdout")}`).to.equal("1 arguments\nhello\na\n");
    await containerd().cri.call("RemoveContainer", { containerId: id });
    await pod.start("main", [], { ...STRICT_CONTAINER, config: { ...VARIABLES, image: { image: server } } });
    expect(await askPod(pod)).to.equal("hello from rust, call 1\n");
    await pod.remove();
  });

  it("ends with one clear line if the component makes no sense", async () => {
    const broken = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 99, 99]);
    const image = await importFileImage(containerd(), "wasm-broken", broken, AbortSignal.timeout(TEST_TIMEOUT_MS));
    const pod = await Pod.run(containerd(), "wasm-broken", "spin");
    const id = await pod.start("main", [], { ...STRICT_CONTAINER, config: { image: { image } } });
    expect(await exitCodeOf(containerd(), id)).to.equal(1);
    expect(await readLog(pod, "main")).to.match(/^stderr F Cannot [^\n]+\n$/);
    await pod.remove();
  });

  if (version === "1.6") return; // It cannot import images whose layers are no archives, before 1.6.25.

  it("answers requests where the image is an artifact of one component", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const image = await importArtifact(containerd(), "wasm-artifact", await buildGuest("c-http"), signal);
    const pod = await Pod.run(containerd(), "wasm-artifact", "spin");
    await pod.start("main", ["/"], { ...STRICT_CONTAINER, config: { ...VARIABLES, image: { image } } });
    expect(await askPod(pod)).to.match(/^hello from c/);
    await pod.remove();
  });
});

async function exitCodeOf(containerd: TestContainerd, id: string): Promise<unknown> {
  for (const end = Date.now() + EXIT_MS; Date.now() < end; await delay(50)) {
    const status = await statusOf(containerd, id);
    if (status["state"] === EXITED) return status["exitCode"];
  }
  throw new Error(`Cannot wait for container ${id}: it has not ended after ${String(EXIT_MS)} ms`);
}

/** containerd writes the log when it comes to it, and says when all is written only once the container has ended. */
async function untilLogged(pod: Pod, pattern: RegExp): Promise<void> {
  let log = "";
  for (const end = Date.now() + LOG_MS; Date.now() < end; await delay(50)) {
    log = await readLog(pod, "main");
    if (pattern.test(log)) return;
  }
  expect(log).to.match(pattern);
}

/** Eight clients have the guest compute until it is so, or time is up. */
async function askUntil(pod: Pod, isSo: () => Promise<boolean>, ms: number): Promise<void> {
  const end = Date.now() + ms;
  async function client(): Promise<void> {
    while (Date.now() < end && !(await isSo())) expect(await askPod(pod, "/recurse?26")).to.equal("121393\n");
  }
  await Promise.all(Array.from({ length: 8 }, client));
}
