import type { ChildProcess } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Reaper, type Exit } from "@rcm/shim/linux/reaper";
import { becomeSubreaper } from "@rcm/shim/linux/subreaper";
import { Runc } from "@rcm/shim/runc/runc";
import { openStdio, type StdioHost } from "@rcm/shim/stdio/open-stdio";
import type { Stdio, StdioRequest } from "@rcm/shim/stdio/stdio";

const BUSYBOX = "/bin/busybox";
const CGROUPS = "/sys/fs/cgroup";
const CGROUP_PARENT = `shim-bench-${process.pid}`;
const APPLETS = ["sh", "cat", "echo", "sleep", "true", "stty", "head", "dd", "kill", "tr", "yes"];

/** Private folders and a real runc for tests of the shim's parts; everything is below one temporary folder. */
export interface RuncBench {
  readonly folder: string;
  readonly reaper: Reaper;
  readonly runc: Runc;
  readonly host: StdioHost;
  close(): void;
}

/** What a container of the bench is to be. */
export interface BundleSettings {
  readonly args: readonly string[];
  readonly terminal?: boolean;
  readonly hooks?: Readonly<Record<string, unknown>>;
  /** How long `runc create` may take, in milliseconds. */
  readonly createMs?: number;
}

/** A container of the bench, created and not yet started. */
export interface BenchContainer {
  readonly id: string;
  readonly bundle: string;
  readonly pid: number;
  readonly stdio: Stdio;
  readonly exit: Promise<Exit>;
}

export function createRuncBench(binary = "runc"): RuncBench {
  const folder = mkdtempSync(join(tmpdir(), "shim-bench-"));
  const reaper = new Reaper();
  becomeSubreaper();
  reaper.start();
  const root = join(folder, "root");
  function spawn(...args: Parameters<Reaper["spawnOwn"]>): ChildProcess {
    return reaper.spawnOwn(...args);
  }
  makeRootfs(join(folder, "rootfs"));
  return {
    folder,
    reaper,
    runc: new Runc({ binary, root, spawn }),
    host: { spawn, env: { PATH: "/usr/bin:/bin" }, socketFolder: join(folder, "s") },
    close() {
      reaper.stop();
      removeCgroups();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The parent that runc made for the cgroups of the bench, in each hierarchy (or the only one). */
function removeCgroups(): void {
  const hierarchies = readdirSync(CGROUPS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const path of [CGROUPS, ...hierarchies.map(({ name }) => join(CGROUPS, name))]) {
    const parent = join(path, CGROUP_PARENT);
    if (existsSync(parent)) rmdirSync(parent);
  }
}

/** Writes a bundle for `settings` and creates its container, with streams that containerd would have named. */
export async function createContainer(
  bench: RuncBench,
  id: string,
  settings: BundleSettings,
  streams: Partial<StdioRequest> = {},
): Promise<BenchContainer> {
  const signal = AbortSignal.timeout(settings.createMs ?? 20_000);
  const bundle = join(bench.folder, id);
  mkdirSync(bundle);
  writeFileSync(join(bundle, "config.json"), JSON.stringify(specOf(bench, id, settings)));
  const { terminal = false } = settings;
  const request = { stdin: "", stdout: "", stderr: "", terminal, containerId: id, namespace: "test", ...streams };
  const stdio = await openStdio(request, bench.host, signal);
  const pidFile = join(bundle, "init.pid");
  const { fds, consoleSocket } = stdio;
  try {
    await bench.runc.create({ id, bundle, pidFile, consoleSocket, stdio: fds }, signal);
    const pid = Number(readFileSync(pidFile, "utf8"));
    stdio.handedOver();
    return { id, bundle, pid, stdio, exit: bench.reaper.exitOf(pid) };
  } catch (error) {
    stdio.close();
    throw error;
  }
}

/** Starts a container of the bench, awaits its end and deletes it. */
export async function runToEnd(bench: RuncBench, { id, pid, stdio, exit }: BenchContainer): Promise<Exit> {
  const signal = AbortSignal.timeout(20_000);
  await bench.runc.start({ id, pid, hasPoststartHooks: false }, signal);
  const ended = await exit;
  await stdio.finish(signal);
  await bench.runc.delete(id, { force: false }, signal);
  return ended;
}

function makeRootfs(folder: string): void {
  for (const name of ["bin", "proc", "dev", "sys", "tmp"]) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(BUSYBOX, join(folder, "bin/busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(folder, "bin", applet));
}

function specOf(bench: RuncBench, id: string, { args, terminal = false, hooks }: BundleSettings): unknown {
  return {
    ociVersion: "1.0.2",
    process: {
      terminal,
      user: { uid: 0, gid: 0 },
      args,
      env: ["PATH=/bin"],
      cwd: "/",
      capabilities: { bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"] },
      noNewPrivileges: true,
    },
    root: { path: join(bench.folder, "rootfs"), readonly: true },
    hostname: id,
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
    ],
    ...(hooks === undefined ? {} : { hooks }),
    linux: {
      cgroupsPath: `/${CGROUP_PARENT}/${id}`,
      namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })),
    },
  };
}
