import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { Any } from "@rcm/shim/proto/any";
import { RUNTIME_OPTIONS_TYPE, RuntimeOptions } from "@rcm/shim/proto/options";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { pollUntil } from "../cluster/poll-until.ts";
import { tryCommand, type CommandResult } from "../cluster/run-command.ts";
import { clearLeft, expectNothingLeft } from "./support/leaks.ts";
import { Pod, removeAllPods } from "./support/pods.ts";
import { isAlive, readProcess } from "./support/processes.ts";
import { TEST_TIMEOUT_MS } from "./support/shared.ts";
import { EXITED, pidOf, sandboxPidOf, statusOf } from "./support/status.ts";
import { subjectIsRunc } from "./support/subject.ts";
import { TaskClient } from "./support/task-client.ts";
import { SOFT_OPEN_FILES, TestContainerd, VERSIONS } from "./support/test-containerd.ts";

// runc's shim knows no options under another name than its own.
for (const version of subjectIsRunc() ? [] : VERSIONS) {
  describe(`the options of a handler, containerd ${version}`, function onVersion() {
    this.timeout(TEST_TIMEOUT_MS);
    let containerd: TestContainerd;

    before("containerd is started", async function start() {
      this.timeout(15 * 60_000);
      containerd = await TestContainerd.create(version, limit(), [
        { name: "odd", options: ['Colour = "blue"'] },
        { name: "wrong", options: ['Grouping = "town"'] },
        { name: "missing", options: ['ConfigPath = "/no/such.toml"'] },
        { name: "dense", options: ['ConfigPath = "FOLDER/dense.toml"'] },
        { name: "noting", options: ['ConfigPath = "FOLDER/noting.toml"'] },
      ]);
      await writeFile(join(containerd.folder, "dense.toml"), 'Grouping = "node"\n');
      const runc = join(containerd.folder, "noting-runc");
      await writeFile(join(containerd.folder, "noting.toml"), `BinaryName = "${runc}"\n`);
      await writeFile(runc, `#!/bin/sh\nulimit -Sn >> ${runc}.log\nexec runc "$@"\n`, { mode: 0o755 });
    });
    after("containerd is removed", async () => {
      await removeAllPods(containerd);
      await clearLeft(containerd);
      await containerd.remove(limit());
    });

    // containerd 1.6 hands on nothing of the table but ConfigPath.
    const refused = [
      ["missing", /such\.toml/],
      ...(version === "1.6"
        ? []
        : ([
            ["odd", /Colour/],
            ["wrong", /Grouping/],
          ] as const)),
    ] as const;
    for (const [handler, pattern] of refused) {
      it(`are refused by name where they cannot be used: ${handler}`, async () => {
        const error = await Pod.run(containerd, handler, handler).then(
          () => undefined,
          (reason: unknown) => reason as ServiceError,
        );
        expect(error?.details).to.match(pattern);
        await removeAllPods(containerd);
        await expectNothingLeft(containerd, limit());
      });
    }

    it("let all pods share a shim", async () => {
      const pods = await Promise.all(
        ["a", "b", "c", "d", "e", "f"].map(async (name) => Pod.run(containerd, name, "dense")),
      );
      const shims = await Promise.all(pods.map(shimOf));
      expect(new Set(shims)).to.have.property("size", 1);
      const [first, ...others] = pods;
      await first?.remove();
      for (const [index, pod] of others.entries()) {
        const id = await pod.start("main", ["sh", "-c", "sleep 1000"]);
        const cmd = ["sh", "-c", `exit ${String(index + 3)}`];
        const reply = await containerd.cri.call("ExecSync", { containerId: id, cmd, timeout: 10 });
        expect(reply["exitCode"]).to.equal(index + 3);
      }
      await Promise.all(others.map(async (pod) => pod.remove()));
      await expectNothingLeft(containerd, limit());
    });

    it("let the command delete spare what the shim of all pods serves", async () => {
      const scene = await Dense.begin(containerd);
      const [one] = scene.pods;
      const { code, stderr } = await scene.deleteCommand(one.id);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(await scene.running()).to.deep.equal([true, true]);
      expect(await isAlive(scene.shim)).to.equal(true);
      await Promise.all(scene.pods.map(async (pod) => pod.remove()));
      await expectNothingLeft(containerd, limit());
    });

    it("take all pods along when the shim of all pods is killed", async () => {
      const scene = await Dense.begin(containerd);
      process.kill(scene.shim, "SIGKILL");
      await scene.untilEnded();
      const next = await Pod.run(containerd, "next", "dense");
      expect(await shimOf(next)).to.not.equal(scene.shim);
      await Promise.all([...scene.pods, next].map(async (pod) => pod.remove()));
      await expectNothingLeft(containerd, limit());
    });

    it("take a pod along also if a new shim has begun in the place of the killed one", async () => {
      const scene = await Dense.begin(containerd);
      const [one] = scene.pods;
      const daemon = (await containerd.pid()) ?? 0;
      process.kill(daemon, "SIGSTOP");
      try {
        process.kill(scene.shim, "SIGKILL");
        while (await isAlive(scene.shim)) await delay(5);
        const next = await scene.startCommand(one.id);
        expect(await scene.deleteCommand(one.id)).to.include({ code: 0, stderr: "" });
        expect(await scene.running()).to.deep.equal([false, true]);
        await next.call("Shutdown", { id: "" });
        next.close();
      } finally {
        process.kill(daemon, "SIGCONT");
      }
      await scene.untilEnded();
      await Promise.all(scene.pods.map(async (pod) => pod.remove()));
      await expectNothingLeft(containerd, limit());
    });

    // A newer runc leaves its containers the limit that it was started with; the one that we have here raises its own.
    it("start runc with as many files open as containerd gives its shims", async () => {
      const pod = await Pod.run(containerd, "noting", "noting");
      const id = await pod.start("main", ["sleep", "1000"]);
      await containerd.cri.call("ExecSync", { containerId: id, cmd: ["true"], timeout: 10 });
      const limits = (await readFile(join(containerd.folder, "noting-runc.log"), "utf8")).trim().split("\n");
      expect(limits).to.have.length.of.at.least(3); // Two creations and a command.
      // Debian's 1.6 is made with Go 1.19, which raises the limit for its children, too.
      const given = version === "1.6" ? await openFilesOf(containerd) : String(SOFT_OPEN_FILES);
      expect(new Set(limits)).to.deep.equal(new Set([given]));
      await pod.remove();
      await expectNothingLeft(containerd, limit());
    });

    it("may be those of runc's shim, which it then stands in for", async () => {
      const folder = join(containerd.folder, "opt/bin");
      await mkdir(folder, { recursive: true });
      await symlink(containerd.shim, join(folder, "containerd-shim-runc-v2"));
      await containerd.restart("SIGTERM", limit());
      const pod = await Pod.run(containerd, "runc", "runc");
      const id = await pod.start("main", ["sleep", "1000"]);
      const reply = await containerd.cri.call("ExecSync", {
        containerId: id,
        cmd: ["sh", "-c", "exit 9"],
        timeout: 10,
      });
      expect(reply["exitCode"]).to.equal(9);
      const shim = await shimOf(pod);
      expect((await readProcess(shim))?.command).to.match(/containerd-shim-spin-v2|shim-runc-v2/);
      await pod.remove();
      await expectNothingLeft(containerd, limit());
      await rm(folder, { recursive: true });
    });
  });
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(1_200_000);
}

async function shimOf({ containerd, id }: Pod): Promise<number> {
  return (await readProcess(await sandboxPidOf(containerd, id)))?.parent ?? 0;
}

/** Two pods with a container each, which one shim serves. */
class Dense {
  readonly pods: readonly [Pod, Pod];
  readonly shim: number;
  readonly #ids: readonly string[];
  readonly #pids: readonly number[];

  private constructor(pods: readonly [Pod, Pod], shim: number, ids: readonly string[], pids: readonly number[]) {
    this.pods = pods;
    this.shim = shim;
    this.#ids = ids;
    this.#pids = pids;
  }

  static async begin(containerd: TestContainerd): Promise<Dense> {
    const pods = await Promise.all([Pod.run(containerd, "one", "dense"), Pod.run(containerd, "two", "dense")]);
    const ids = await Promise.all(pods.map(async (pod) => pod.start("main", ["sleep", "1000"])));
    const [shim, other] = await Promise.all(pods.map(shimOf));
    expect(shim).to.equal(other).and.above(1);
    const pids = await Promise.all(ids.map(async (id) => pidOf(containerd, id)));
    return new Dense(pods, shim ?? 0, ids, pids);
  }

  /** Whether the pods' containers run. */
  async running(): Promise<boolean[]> {
    return Promise.all(this.#pids.map(isAlive));
  }

  /** Waits until the containers have ended and containerd knows it. */
  async untilEnded(): Promise<void> {
    const { containerd } = this.pods[0];
    const wait = { what: "the containers' end", timeoutMs: 20_000, intervalMs: 20, see: containerd.folder };
    await pollUntil(
      wait,
      async () => {
        const statuses = await Promise.all(this.#ids.map(async (id) => statusOf(containerd, id)));
        const areEnded = statuses.every((status) => status["state"] === EXITED);
        return areEnded && !(await this.running()).includes(true) ? true : undefined;
      },
      limit(),
    );
  }

  /** As containerd runs it for a new pod. */
  async startCommand(id: string): Promise<TaskClient> {
    const value = RuntimeOptions.encode({ configPath: join(this.pods[0].containerd.folder, "dense.toml") });
    const options = Any.encode({ typeUrl: RUNTIME_OPTIONS_TYPE, value });
    const { stdout } = await this.#command("start", id, Buffer.from(options).toString());
    return TaskClient.connect(/unix:\/\/([^"\s]+)/.exec(stdout)?.[1] ?? "", 2);
  }

  /** As containerd runs it when it takes a shim for dead; the container itself goes. */
  async deleteCommand(id: string): Promise<CommandResult> {
    return this.#command("delete", id);
  }

  async #command(action: "start" | "delete", id: string, stdin = ""): Promise<CommandResult> {
    const { containerd } = this.pods[0];
    const bundle = join(containerd.folder, "state/io.containerd.runtime.v2.task/k8s.io", id);
    const flags = ["-namespace", "k8s.io", "-address", containerd.socket, "-id", id, "-bundle", bundle, action];
    return tryCommand([containerd.shim, ...flags], { timeoutMs: 10_000, cwd: bundle, stdin }, limit());
  }
}

async function openFilesOf(containerd: TestContainerd): Promise<string> {
  const limits = await readFile(`/proc/${String(await containerd.pid())}/limits`, "utf8");
  return /^Max open files +(\d+) /m.exec(limits)?.[1] ?? "none";
}
