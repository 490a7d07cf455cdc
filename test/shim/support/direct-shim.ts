import { constants, mkdir, open, rm, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { SYSTEM_PATH } from "../../cluster/packages.ts";
import { runCommand, tryCommand, type CommandResult } from "../../cluster/run-command.ts";
import type { Message } from "./cri-client.ts";
import { TaskClient } from "./task-client.ts";
import type { TestContainerd } from "./test-containerd.ts";

/** A bundle that we make, and the shim that we start in it, as containerd would. */
export class DirectShim {
  readonly id: string;
  readonly bundle: string;
  readonly #containerd: TestContainerd;
  readonly #program: string;
  /** Where the shim writes its log: it may end where nobody reads it. */
  #log: FileHandle | undefined;
  readonly #clients: TaskClient[] = [];

  /** @param program the shim; the one under test unless told. */
  constructor(containerd: TestContainerd, id: string, program = containerd.shim) {
    this.#containerd = containerd;
    this.#program = program;
    this.id = id;
    this.bundle = join(containerd.folder, "bundles", id);
  }

  /** @param config the text of its config.json; a plain container that sleeps unless told. */
  async prepare(config = JSON.stringify(sleeper(this.#containerd.namespace, this.id))): Promise<void> {
    await mkdir(join(this.bundle, "rootfs"), { recursive: true });
    await writeFile(join(this.bundle, "config.json"), config);
    const log = join(this.bundle, "log");
    await runCommand(["mkfifo", log], { timeoutMs: 5000 }, AbortSignal.timeout(5000));
    this.#log = await open(log, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** Fills the root with the machine's busybox. */
  async fillRoot(signal: AbortSignal): Promise<void> {
    const bin = join(this.bundle, "rootfs/bin");
    await mkdir(bin, { recursive: true });
    await runCommand(["cp", "/usr/bin/busybox", bin], { timeoutMs: 5000 }, signal);
    for (const name of ["sh", "sleep", "head", "tr", "true"]) {
      await runCommand(["ln", "-sf", "busybox", join(bin, name)], { timeoutMs: 5000 }, signal);
    }
  }

  /** The messages of the log that came since the last call. */
  async logged(): Promise<string[]> {
    const { buffer, bytesRead } = (await this.#log?.read().catch(() => undefined)) ?? { buffer: "", bytesRead: 0 };
    const lines = buffer.toString().slice(0, bytesRead).trim().split("\n");
    return lines.filter((line) => line !== "").map((line) => String((JSON.parse(line) as Message)["message"]));
  }

  /** As containerd does for a container that it has deleted. */
  async removeLog(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
    await rm(join(this.bundle, "log"));
  }

  /** Runs one of the shim's commands to its end, whatever its exit code. */
  async command(action: "start" | "delete", signal: AbortSignal, timeoutMs = 10_000): Promise<CommandResult> {
    const { socket, namespace, bin } = this.#containerd;
    const flags = [
      "-namespace",
      namespace,
      "-address",
      socket,
      "-publish-binary",
      join(bin, "containerd"),
      "-id",
      this.id,
    ];
    const argv = [this.#program, ...flags, ...(action === "delete" ? ["-bundle", this.bundle] : []), action];
    const env = { PATH: `${bin}:${SYSTEM_PATH}`, TTRPC_ADDRESS: `${socket}.ttrpc` };
    return tryCommand(argv, { timeoutMs, cwd: this.bundle, env }, signal);
  }

  /** Starts it, or finds the one that runs, and speaks to it. */
  async connect(signal: AbortSignal): Promise<TaskClient> {
    const { code, stdout, stderr } = await this.command("start", signal);
    const path = /unix:\/\/([^"\s]+)/.exec(stdout)?.[1];
    if (code !== 0 || path === undefined) throw new Error(`Cannot start the shim: ${stdout}${stderr}`);
    this.#containerd.shimSockets.add(path);
    const client = await TaskClient.connect(path, stdout.includes('"version":3') ? 3 : 2);
    this.#clients.push(client);
    return client;
  }

  /** Tells it to end, takes away what its container has left, as containerd does, and deletes the bundle. */
  async remove(signal: AbortSignal): Promise<void> {
    const client = this.#clients.at(-1);
    // It may be gone before it has answered.
    await client?.call("Shutdown", { id: this.id, now: true }, 3000).catch(() => undefined);
    for (const each of this.#clients) each.close();
    await this.command("delete", signal);
    await this.#log?.close();
    await rm(this.bundle, { recursive: true, force: true });
  }
}

/** The least that runc takes, in a cgroup of ours. */
export function sleeper(namespace: string, id: string, args: readonly string[] = ["sleep", "100000"]): object {
  return {
    ociVersion: "1.0.2",
    process: { user: { uid: 0, gid: 0 }, args, env: ["PATH=/bin"], cwd: "/" },
    root: { path: "rootfs" },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    linux: {
      cgroupsPath: `/${namespace}/${id}`,
      namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })),
    },
  };
}
