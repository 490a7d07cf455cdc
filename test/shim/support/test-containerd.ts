import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { packBaseImages } from "../../cluster/base-images.ts";
import { findDaemon, killDaemon, startDaemon } from "../../cluster/daemon.ts";
import { SYSTEM_PATH, unpackContainerd } from "../../cluster/packages.ts";
import { pollUntil } from "../../cluster/poll-until.ts";
import { runCommand, tryCommand, type CommandResult } from "../../cluster/run-command.ts";
import { currentSettings } from "../../cluster/settings.ts";
import { chooseSubnet, configToml, networkJson, type Handler } from "./config.ts";
import { CriClient, type Message } from "./cri-client.ts";
import { clearLeft } from "./leaks.ts";
import { installSubject } from "./subject.ts";

export const VERSIONS = ["1.6", "1.7", "2.1"] as const;
export type Version = (typeof VERSIONS)[number];

const NAME = "containerd";

/** systemd's default, which containers get, too. */
export const SOFT_OPEN_FILES = 1024;

/** What a start of containerd may change. */
export interface StartOptions {
  /** Put before everything else in containerd's PATH, which its shims get from it. */
  readonly pathBefore?: string;
  /** Instead of the whole PATH. */
  readonly path?: string;
}

/** A real containerd with CRI, a network for pods and the shim under test, all in a folder of its own. */
export class TestContainerd {
  readonly folder: string;
  readonly version: Version;
  readonly socket: string;
  /** The namespace of what ctr starts, and the name of the cgroup of all pods: unique, so leftovers can be told. */
  readonly namespace: string;
  /** Folder of containerd's, ctr's and runc's shim's files. */
  readonly bin: string;
  /** The shim under test: where handler "spin" finds it. */
  readonly shim: string;
  readonly extraHandlers: readonly Handler[];
  /** The sockets of all shims that were known to run. */
  readonly shimSockets = new Set<string>();
  #cri: CriClient | undefined;

  private constructor(folder: string, version: Version, bin: string, extraHandlers: readonly Handler[]) {
    this.folder = folder;
    this.version = version;
    this.bin = bin;
    this.socket = join(folder, "c.sock");
    this.namespace = basename(folder);
    this.shim = join(folder, "shim/containerd-shim-spin-v2");
    this.extraHandlers = extraHandlers;
  }

  /** Starts one and imports the images. */
  static async create(
    version: Version,
    signal: AbortSignal,
    extraHandlers: readonly Handler[] = [],
  ): Promise<TestContainerd> {
    // Short, for the path of a socket has at most 107 bytes.
    const folder = await mkdtemp(join(tmpdir(), "rcm-s-"));
    const unpacked = version === "1.6" ? "/" : await unpackContainerd(version, currentSettings().cacheDir, signal);
    const containerd = new TestContainerd(folder, version, join(unpacked, "usr/bin"), extraHandlers);
    try {
      await containerd.#prepare(signal);
      await containerd.start(signal);
      await containerd.#importImages(signal);
    } catch (error) {
      await containerd.remove(signal);
      throw error;
    }
    return containerd;
  }

  get cri(): CriClient {
    if (this.#cri === undefined) throw new Error("Cannot ask CRI: containerd does not run");
    return this.#cri;
  }

  /** Starts it and waits until CRI serves. */
  async start(signal: AbortSignal, options: StartOptions = {}): Promise<void> {
    const before = options.pathBefore === undefined ? "" : `${options.pathBefore}:`;
    const env = { PATH: options.path ?? `${before}${this.bin}:${SYSTEM_PATH}` };
    // As systemd starts it; Node has raised our own limit.
    const limited = ["prlimit", `--nofile=${SOFT_OPEN_FILES}:`];
    const argv = [...limited, join(this.bin, NAME), "-c", join(this.folder, "config.toml")];
    await startDaemon(NAME, argv, { logDir: this.folder, pidDir: this.folder, env, lifetime: "ours" });
    const wait = { what: "CRI", timeoutMs: 30_000, intervalMs: 20, see: join(this.folder, `${NAME}.log`) };
    this.#cri = await pollUntil(wait, async () => this.#readyClient(), signal);
  }

  /** Ends it by a signal and waits until it is gone. Pods stay. */
  async stop(how: "SIGTERM" | "SIGKILL", signal: AbortSignal): Promise<void> {
    this.#cri?.close();
    this.#cri = undefined;
    const pid = await findDaemon(this.folder, NAME);
    if (pid === undefined) return;
    if (how === "SIGTERM") {
      process.kill(pid, "SIGTERM");
      for (let i = 0; i < 500 && (await findDaemon(this.folder, NAME)) !== undefined; i += 1) await delay(10);
    }
    await killDaemon(this.folder, NAME, signal);
  }

  async restart(how: "SIGTERM" | "SIGKILL", signal: AbortSignal, options: StartOptions = {}): Promise<void> {
    await this.stop(how, signal);
    await this.start(signal, options);
  }

  async pid(): Promise<number | undefined> {
    return findDaemon(this.folder, NAME);
  }

  /** Runs ctr in our namespace, whatever its exit code. */
  async ctr(args: readonly string[], signal: AbortSignal, timeoutMs = 30_000): Promise<CommandResult> {
    return tryCommand([...this.#ctrArgv(this.namespace), ...args], { timeoutMs }, signal);
  }

  /** The arguments that run ctr in the namespace, CRI's or our own. */
  ctrArgv(namespace: "k8s.io" | "own"): string[] {
    return this.#ctrArgv(namespace === "own" ? this.namespace : namespace);
  }

  /** Notes where the shim of a pod, or of a container of ctr's, listens. */
  async noteSocket(namespace: string, id: string): Promise<void> {
    const bundle = join(this.folder, "state/io.containerd.runtime.v2.task", namespace, id);
    const texts = ["address", "bootstrap.json"].map(async (name) =>
      readFile(join(bundle, name), "utf8").catch(() => ""),
    );
    for (const text of await Promise.all(texts)) {
      const path = /unix:\/\/([^"\s]+)/.exec(text)?.[1];
      if (path !== undefined) this.shimSockets.add(path);
    }
  }

  /** Installs the shim under test anew: another file under the same name. */
  async replaceShim(): Promise<void> {
    await installSubject(join(this.folder, "shim"), join(this.bin, "containerd-shim-runc-v2"));
  }

  /** Kills it and deletes its folder; pods must be gone. */
  async remove(signal: AbortSignal): Promise<void> {
    await this.stop("SIGKILL", signal);
    await clearLeft(this);
    await tryCommand(["ip", "link", "delete", this.#bridge()], { timeoutMs: 10_000 }, signal);
    await rm(this.folder, { recursive: true });
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    for (const name of ["cni", "images"]) await mkdir(join(this.folder, name));
    await packBaseImages(join(this.folder, "images"), signal);
    await this.replaceShim();
    const addresses = await runCommand(["ip", "-4", "-o", "address"], { timeoutMs: 10_000 }, signal);
    const subnet = chooseSubnet(VERSIONS.length * process.pid + VERSIONS.indexOf(this.version), addresses);
    await writeFile(join(this.folder, "cni/10-bridge.conflist"), networkJson(this.folder, this.#bridge(), subnet));
    await writeFile(join(this.folder, "config.toml"), configToml(this.folder, this.shim, this.extraHandlers));
  }

  async #importImages(signal: AbortSignal): Promise<void> {
    for (const image of ["pause.tar", "busybox.tar"]) {
      for (const namespace of ["k8s.io", this.namespace]) {
        const argv = [...this.#ctrArgv(namespace), ..."image import".split(" "), join(this.folder, "images", image)];
        await runCommand(argv, { timeoutMs: 60_000 }, signal);
      }
    }
  }

  async #readyClient(): Promise<CriClient | undefined> {
    const cri = new CriClient(this.socket);
    try {
      const { status } = (await cri.call("Status", {}, 5000)) as { status: { conditions: readonly Message[] } };
      if (status.conditions.every((condition) => condition["status"] === true)) return cri;
    } catch (error) {
      cri.close();
      throw error;
    }
    cri.close();
    return undefined;
  }

  #ctrArgv(namespace: string): string[] {
    return [join(this.bin, "ctr"), "-a", this.socket, "-n", namespace];
  }

  /** Its name has at most 15 bytes. */
  #bridge(): string {
    return this.namespace;
  }
}
