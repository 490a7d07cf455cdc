import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import type { Flags } from "../flags.ts";
import { listenUnix } from "../linux/socket.ts";
import { parseOptions } from "../options/runtime-options.ts";
import { ShimError } from "../shim-error.ts";
import { groupOf } from "../spec/container-kind.ts";
import { parseSpec } from "../spec/parse-spec.ts";
import { readOptions } from "./read-options.ts";
import { socketPath } from "./socket-address.ts";

/** One shim for the whole node, when the handler's options ask for it. */
const NODE_GROUP = "node";

/** How long a shim that is there may take to accept, in milliseconds. */
const CONNECT_MS = 2000;

export interface StartCommand {
  readonly flags: Flags;
  /** What to run as the shim: the program, and its first arguments. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The container's bundle. */
  readonly folder: string;
}

/**
 * Finds the shim of the container's group, or starts one.
 *
 * The socket listens before the shim runs: connections wait in the kernel meanwhile, so containerd goes on while the
 * shim's engine starts.
 *
 * @returns the shim's address, for containerd.
 */
export async function start(command: StartCommand): Promise<string> {
  const { flags, folder } = command;
  const path = socketPath({ ...flags, group: await findGroup(flags, folder) });
  const address = `unix://${path}`;
  if (!(await isAlive(path))) launch(command, path);
  writeFileSync(join(folder, "address"), address); // How containerd up to 1.7 finds the shim after its own restart.
  return address;
}

async function findGroup(flags: Flags, folder: string): Promise<string> {
  const options = await parseOptions(readOptions(flags));
  if (options.grouping === "node") return NODE_GROUP;
  const file = join(folder, "config.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const message = `Cannot read "${file}", which containerd makes for container "${flags.id}": ${messageOf(cause)}`;
    throw new ShimError("BundleUnreadable", message, { cause });
  }
  return groupOf(parseSpec(text)) ?? flags.id;
}

/** Whether a shim accepts connections there. What a dead one left is taken away. */
async function isAlive(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return false;
    if (code !== "ECONNREFUSED") {
      throw new ShimError("StartFailed", `Cannot reach the shim at "${path}": ${messageOf(error)}`, { cause: error });
    }
    rmSync(path, { force: true });
    return false;
  } finally {
    socket.destroy();
  }
}

function launch({ flags, program, env, folder }: StartCommand, path: string): void {
  const [file = "", ...first] = program;
  const listening = listenUnix(path);
  try {
    const names = ["-namespace", flags.namespace, "-id", flags.id, "-address", flags.address];
    const args = [...first, ...names, ...(flags.debug ? ["-debug"] : []), "-socket", path];
    // containerd reads until all holders of this command's standard output have closed it.
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...env },
      stdio: ["ignore", "ignore", "ignore", listening],
      detached: true,
    });
    if (child.pid === undefined) throw new ShimError("StartFailed", `Cannot start the shim "${file}"`);
    child.unref();
    makeExpendable(child.pid);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(listening);
  }
}

/** In want of memory, shims go before containerd: one more than its own, as runc's shim has it. */
function makeExpendable(pid: number): void {
  try {
    const score = Number(readFileSync(`/proc/${process.ppid}/oom_score_adj`, "utf8"));
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(1000, score + 1)));
  } catch {
    // Only root of the first user namespace may lower it, and the shim works without.
  }
}
