import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packBaseImages } from "../cluster/base-images.ts";
import { findDaemon, killDaemon, startDaemon } from "../cluster/daemon.ts";
import { SYSTEM_PATH, unpackContainerd } from "../cluster/packages.ts";
import { runCommand } from "../cluster/run-command.ts";
import { currentSettings } from "../cluster/settings.ts";

export const CONTAINERD_VERSIONS = ["1.6", "1.7", "2.1"] as const;

const NAME = "containerd";
const PAUSE_IMAGE = "localhost/pause:1";

/** A containerd of the machine's own, with root, state and socket in a folder of its own, and no CNI. */
export class PrivateContainerd {
  readonly folder: string;
  readonly socket: string;
  readonly #bin: string;

  private constructor(folder: string, bin: string) {
    this.folder = folder;
    this.socket = join(folder, "c.sock");
    this.#bin = bin;
  }

  static async create(version: (typeof CONTAINERD_VERSIONS)[number], signal: AbortSignal): Promise<PrivateContainerd> {
    // Short, for the path of a socket has at most 107 bytes.
    const folder = await mkdtemp(join(tmpdir(), "rcm-c-"));
    const unpacked = version === "1.6" ? "/" : await unpackContainerd(version, currentSettings().cacheDir, signal);
    await mkdir(join(folder, "cni"));
    return new PrivateContainerd(folder, join(unpacked, "usr/bin"));
  }

  /** @param defaultRuntime one that is not there breaks CRI, but not the daemon. */
  async start(defaultRuntime = "runc"): Promise<void> {
    await writeFile(join(this.folder, "config.toml"), this.#config(defaultRuntime));
    const argv = [join(this.#bin, "containerd"), "-c", join(this.folder, "config.toml")];
    const env = { PATH: `${this.#bin}:${SYSTEM_PATH}` };
    await startDaemon(NAME, argv, { logDir: this.folder, pidDir: this.folder, env, lifetime: "ours" });
  }

  /** Has it answer nobody, until it is killed. */
  async freeze(): Promise<void> {
    const pid = await findDaemon(this.folder, NAME);
    if (pid === undefined) throw new Error("containerd does not run");
    process.kill(pid, "SIGSTOP");
  }

  async kill(signal: AbortSignal): Promise<void> {
    await killDaemon(this.folder, NAME, signal);
  }

  /** Imports the images that `packBaseImages` puts into `images`. */
  async importImages(images: string, signal: AbortSignal): Promise<void> {
    const ctr = [join(this.#bin, "ctr"), "-a", this.socket, "-n", "k8s.io", ..."image import".split(" ")];
    for (const name of ["pause.tar", "busybox.tar"]) {
      await runCommand([...ctr, join(images, name)], { timeoutMs: 60_000 }, signal);
    }
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.kill(signal);
    await rm(this.folder, { recursive: true });
  }

  #config(defaultRuntime: string): string {
    const cri = `plugins."io.containerd.grpc.v1.cri"`;
    return `version = 2
root = "${this.folder}/root"
state = "${this.folder}/state"
[grpc]
  address = "${this.socket}"
[ttrpc]
  address = "${this.socket}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${this.folder}/opt"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${this.folder}/cni"
[${cri}.containerd]
  default_runtime_name = "${defaultRuntime}"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.broken]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.broken.options]
  BinaryName = "/bin/false"
[${cri}.containerd.runtimes.missing]
  runtime_type = "io.containerd.missing.v9"
`;
  }
}

/** A folder with the images for `importImages`. */
export async function packImages(signal: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rcm-images-"));
  await packBaseImages(folder, signal);
  return folder;
}
