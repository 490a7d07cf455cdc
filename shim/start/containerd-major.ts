import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What is known of the containerds of this boot, by their files: asking takes 30 ms. */
const FOLDER = "/run/containerd-shim-spin-v2";

/** containerd prints its version at once, or something is wrong with the node. In milliseconds. */
const ASK_MS = 2000;

/**
 * Major version of the containerd that started this command, by its own word; 1 if it does not say. There is no other
 * way to know: it tells all of them the same, `MAX_SHIM_VERSION=2`.
 *
 * @param pid of containerd.
 */
export async function containerdMajor(pid: number, folder = FOLDER): Promise<number> {
  const exe = `/proc/${pid}/exe`;
  try {
    const { dev, ino, mtimeMs } = statSync(exe);
    const file = join(folder, `containerd-${dev}-${ino}-${Math.trunc(mtimeMs)}`);
    return readKnown(file) ?? remember(file, await ask(exe));
  } catch {
    return 1; // The older protocol works with every version.
  }
}

async function ask(exe: string): Promise<number> {
  const { execFileSync } = await import("node:child_process"); // Not needed otherwise: 3 ms.
  return majorIn(execFileSync(exe, ["--version"], { timeout: ASK_MS }).toString());
}

/** @param output of `containerd --version`, such as "containerd github.com/containerd/containerd/v2 2.1.9+ds1 …". */
export function majorIn(output: string): number {
  return Number(/\s(?:v)?(\d+)\.\d+\.\d+/u.exec(output)?.[1] ?? 1);
}

function readKnown(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function remember(file: string, major: number): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, String(major));
  renameSync(temporary, file);
  return major;
}

/** Who started a process; 0 if it is gone. */
export function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
