import { readFile, readdir, readlink } from "node:fs/promises";

/** A process of the machine as /proc shows it; a zombie has only its name. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
  readonly workingFolder: string;
  readonly cgroups: string;
  readonly environment: string;
}

/** All processes; those that end meanwhile are left out. */
export async function listProcesses(): Promise<readonly Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((process) => process !== undefined);
}

/** @returns undefined where it is gone. */
export async function readProcess(pid: number): Promise<Process | undefined> {
  const folder = `/proc/${String(pid)}`;
  const stat = await textOf(`${folder}/stat`);
  if (stat === "") return undefined;
  // The name in field 2 may hold blanks and brackets: count from its end.
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [command, cgroups, environment, workingFolder] = await Promise.all([
    textOf(`${folder}/cmdline`),
    textOf(`${folder}/cgroup`),
    textOf(`${folder}/environ`),
    readlink(`${folder}/cwd`).catch(() => ""),
  ]);
  const words = command === "" ? `[${name}]` : command.replaceAll("\0", " ").trim();
  return { pid, parent: Number(parent), state, command: words, workingFolder, cgroups, environment };
}

/**
 * Whether it is there and no zombie. Its first thread may be one already while another still holds its sockets: then it
 * is alive.
 */
export async function isAlive(pid: number): Promise<boolean> {
  const process = await readProcess(pid);
  if (process === undefined) return false;
  if (!["Z", "X"].includes(process.state)) return true;
  const threads = await readdir(`/proc/${String(pid)}/task`).catch(() => []);
  return threads.length > 1;
}

/** Memory of a process in bytes: resident, and its proportional share of what is shared. */
export interface Memory {
  readonly residentBytes: number;
  readonly proportionalBytes: number;
  readonly uniqueBytes: number;
}

export async function memoryOf(pid: number): Promise<Memory> {
  const rollup = await readFile(`/proc/${String(pid)}/smaps_rollup`, "utf8");
  function kilobytes(name: string): number {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0);
  }
  return {
    residentBytes: kilobytes("Rss") * 1024,
    proportionalBytes: kilobytes("Pss") * 1024,
    uniqueBytes: (kilobytes("Private_Clean") + kilobytes("Private_Dirty")) * 1024,
  };
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
