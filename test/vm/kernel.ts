import { copyFile, mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ForeignSuite } from "../cluster/foreign-suite.ts";
import { exists } from "../cluster/go-program.ts";
import { runCommand } from "../cluster/run-command.ts";

/** The Debian suites whose kernels are tried: bullseye's is the oldest that the shim is made for. */
const SUITES = { "5.10": "bullseye", "6.1": "bookworm" } as const;

export type KernelVersion = keyof typeof SUITES;

/** An unpacked kernel of Debian's. */
export interface Kernel {
  /** Such as `5.10.0-32-cloud-amd64`. */
  readonly release: string;
  /** What a machine boots. */
  readonly image: string;
  /** With `lib/modules/<release>`, and `bin/modprobe` for those who make it their root. */
  readonly folder: string;
}

/** That for machines in a cloud is small: it has drivers for guests only. */
const PACKAGE = "linux-image-cloud-amd64";
const UNPACK_TIMEOUT_MS = 2 * 60_000;

/**
 * Downloads and unpacks a kernel, once.
 *
 * @throws {ClusterError} `MACHINE_UNFIT` if the machine's apt knows no Debian mirror.
 */
export async function unpackKernel(version: KernelVersion, cacheDir: string, signal: AbortSignal): Promise<Kernel> {
  const folder = join(cacheDir, `kernel-${version}`);
  if (!(await exists(folder))) await makeFolder(version, folder, signal);
  const [release = ""] = await readdir(join(folder, "lib/modules"));
  return { release, image: join(folder, "boot", `vmlinuz-${release}`), folder };
}

async function makeFolder(version: KernelVersion, folder: string, signal: AbortSignal): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  const aptFolder = `${folder}.apt`;
  const suite = await ForeignSuite.open(SUITES[version], aptFolder, signal);
  const archive = await suite.download(await suite.dependencyOf(PACKAGE, signal), signal);
  await runCommand(["dpkg", "-x", archive, part], { timeoutMs: UNPACK_TIMEOUT_MS }, signal);
  await Promise.all(["bin", "proc"].map(async (name) => mkdir(join(part, name))));
  await copyFile("/usr/bin/busybox", join(part, "bin/busybox"));
  await symlink("busybox", join(part, "bin/modprobe"));
  const [release = ""] = await readdir(join(part, "lib/modules"));
  await runCommand(["busybox", "depmod", "-b", part, release], { timeoutMs: UNPACK_TIMEOUT_MS }, signal);
  await rename(part, folder);
  await rm(aptFolder, { recursive: true });
}
