import { spawn } from "node:child_process";
import { mkdir, open, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ClusterError } from "./cluster-error.ts";
import { pollUntil } from "./poll-until.ts";

export interface DaemonOptions {
  /** Standard output and error are added to `<logDir>/<name>.log`. */
  readonly logDir: string;
  /** `<pidDir>/<name>.pid` says which process it is. */
  readonly pidDir: string;
  /** Groups it shall belong to. */
  readonly groups?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It does not outlive us after all, however we end. */
  readonly lifetime?: "ours";
}

/**
 * Starts a process that outlives us, unless told otherwise.
 *
 * @throws {ClusterError} `COMMAND_FAILED` if it cannot be started.
 */
export async function startDaemon(name: string, argv: readonly string[], options: DaemonOptions): Promise<number> {
  await Promise.all([options.logDir, options.pidDir].map(async (folder) => mkdir(folder, { recursive: true })));
  const log = await open(join(options.logDir, `${name}.log`), "a");
  try {
    const bound = options.lifetime === "ours" ? ["setpriv", "--pdeathsig", "KILL", "--"] : [];
    const [program = "", ...args] = [...bound, ...argv];
    const stdio = ["ignore", log.fd, log.fd] as const;
    const child = spawn(program, args, { detached: true, stdio: [...stdio], env: options.env, cwd: "/" });
    let failure: unknown;
    child.on("error", (error) => {
      failure = error;
    });
    const { pid } = child;
    if (pid === undefined) {
      await delay(0); // The reason comes as an event, after this turn.
      throw new ClusterError("COMMAND_FAILED", `Cannot start "${name}": ${program} does not run`, { cause: failure });
    }
    child.unref();
    for (const group of options.groups ?? []) await writeFile(join(group, "cgroup.procs"), String(pid));
    await writeFile(pidFile(options.pidDir, name), `${String(pid)} ${(await startTimeOf(pid)) ?? "gone"}\n`);
    return pid;
  } finally {
    await log.close();
  }
}

/** The process that was started under this name, if it still runs. */
export async function findDaemon(pidDir: string, name: string): Promise<number | undefined> {
  const [pid = "", started] = (await readFile(pidFile(pidDir, name), "utf8").catch(() => "")).trim().split(" ");
  if (pid === "") return undefined;
  return (await startTimeOf(Number(pid))) === started ? Number(pid) : undefined;
}

/** Kills the process that was started under this name and waits until it is gone, which frees its ports. */
export async function killDaemon(pidDir: string, name: string, signal: AbortSignal): Promise<void> {
  const pid = await findDaemon(pidDir, name);
  if (pid === undefined) return;
  process.kill(pid, "SIGKILL");
  await pollUntil(
    { what: `${name} to end`, timeoutMs: 10_000, intervalMs: 10, see: `/proc/${String(pid)}` },
    async () => ((await isGone(pid)) ? true : undefined),
    signal,
  );
}

/** A process whose first thread is a zombie still has its ports until its other threads have ended too. */
async function isGone(pid: number): Promise<boolean> {
  if ((await startTimeOf(pid)) !== undefined) return false;
  const threads = await readdir(`/proc/${String(pid)}/task`).catch(() => []);
  return threads.length <= 1;
}

function pidFile(pidDir: string, name: string): string {
  return join(pidDir, `${name}.pid`);
}

/**
 * When a process began, in clock ticks since boot; undefined if it is gone or a zombie. Together with the number it
 * tells a process from a later one of the same number.
 *
 * @see {@link https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html}
 */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in field 2 may hold blanks and brackets: count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}
