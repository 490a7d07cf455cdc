import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists } from "../cluster/go-program.ts";
import { pollUntil } from "../cluster/poll-until.ts";
import { acceleratorOptions } from "./accelerator.ts";
import { packInitramfs } from "./initramfs.ts";
import type { Kernel } from "./kernel.ts";
import { QEMU, VIRTIOFSD } from "./why-not.ts";

const MEMORY = "4G";
const DISK_BYTES = 16 * 1024 ** 3; // A hole, but for what is written.

/** What runs in a guest. */
export interface Job {
  readonly kernel: Kernel;
  /** A shell script; its working folder is `/`. */
  readonly script: string;
  /** Folders of this machine that it finds at the same paths, read-only. It has /usr and /etc in any case. */
  readonly folders: readonly string[];
}

export interface JobResult {
  /** `undefined`: the guest has ended without one. */
  readonly code: number | undefined;
  readonly output: string;
  /** What the kernel said. */
  readonly console: string;
}

/**
 * Boots a machine with version 2 of cgroups, runs the job in it, and turns it off.
 *
 * @throws the reason of `signal`; then the guest is off as well.
 */
export async function runInGuest(job: Job, signal: AbortSignal): Promise<JobResult> {
  const work = await mkdtemp(join(tmpdir(), "rcm-vm-"));
  const children: ChildProcess[] = [];
  try {
    const parts = await makeParts(work, job, signal);
    children.push(await startShare(parts, job, signal));
    const qemu = spawn(QEMU, await qemuOptions(parts, job), { stdio: ["ignore", "ignore", "inherit"] });
    children.push(qemu);
    await once(qemu, "exit", { signal });
    return await resultOf(parts);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    for (const child of children) await endNow(child);
    await rm(work, { recursive: true });
  }
}

interface Parts {
  readonly shared: string;
  readonly view: string;
  readonly socket: string;
  readonly disk: string;
  readonly initramfs: string;
  readonly console: string;
  readonly shareLog: string;
}

async function makeParts(work: string, { kernel, script }: Job, signal: AbortSignal): Promise<Parts> {
  const parts = {
    shared: join(work, "shared"),
    view: join(work, "view"),
    socket: join(work, "root.sock"),
    disk: join(work, "disk"),
    initramfs: join(work, "initramfs.gz"),
    console: join(work, "console"),
    shareLog: join(work, "virtiofsd.log"),
  };
  for (const folder of [parts.shared, parts.view]) await mkdir(folder);
  await copyFile(join(import.meta.dirname, "boot.sh"), join(parts.shared, "boot.sh"));
  await chmod(join(parts.shared, "boot.sh"), 0o755);
  await writeFile(join(parts.shared, "job.sh"), script);
  await writeFile(parts.disk, "");
  await truncate(parts.disk, DISK_BYTES);
  await packInitramfs(kernel, parts.initramfs, signal);
  return parts;
}

/** Starts what serves the guest's root, and waits until it does. */
async function startShare(parts: Parts, { kernel, folders }: Job, signal: AbortSignal): Promise<ChildProcess> {
  const log = await open(parts.shareLog, "w");
  const share = ["sh", join(import.meta.dirname, "share.sh"), VIRTIOFSD, parts.socket, parts.view, parts.shared];
  const args = ["--mount", ...share, "/usr", kernel.folder, ...folders];
  const child = spawn("unshare", args, { stdio: ["ignore", log.fd, log.fd] });
  await log.close();
  const wait = { what: "virtiofsd to listen", timeoutMs: 20_000, see: parts.shareLog };
  await pollUntil(wait, async () => ((await exists(parts.socket)) ? true : undefined), signal);
  return child;
}

async function qemuOptions(parts: Parts, { kernel }: Job): Promise<readonly string[]> {
  const append = `console=ttyS0 panic=-1 quiet KERNEL=${kernel.folder}`;
  return [
    ...acceleratorOptions(await readFile("/proc/cpuinfo", "utf8")),
    ...`-m ${MEMORY} -nodefaults -no-user-config -display none -no-reboot`.split(" "),
    // The server of the root reads and writes the guest's memory.
    ...`-object memory-backend-memfd,id=memory,size=${MEMORY},share=on -numa node,memdev=memory`.split(" "),
    ...`-chardev socket,id=root,path=${parts.socket} -device vhost-user-fs-pci,chardev=root,tag=root`.split(" "),
    ...`-drive file=${parts.disk},if=none,id=disk,format=raw,cache=unsafe -device virtio-blk-pci,drive=disk`.split(" "),
    ...`-device virtio-rng-pci -serial file:${parts.console}`.split(" "),
    "-kernel",
    kernel.image,
    "-initrd",
    parts.initramfs,
    "-append",
    append,
  ];
}

async function resultOf({ shared, console }: Parts): Promise<JobResult> {
  const texts = [join(shared, "code"), join(shared, "output"), console].map(async (path) =>
    readFile(path, "utf8").catch(() => ""),
  );
  const [code = "", output = "", said = ""] = await Promise.all(texts);
  return { code: code === "" ? undefined : Number(code), output, console: said };
}

async function endNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
