import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Flags } from "../flags.ts";
import { unmountRecursive } from "../linux/unmount.ts";
import { readRuncSettings } from "../options/runc-settings.ts";
import { DEFAULT_OPTIONS } from "../options/runtime-options.ts";
import { DeleteResponse } from "../proto/task.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import { Runc } from "../runc/runc.ts";

/** containerd gives the whole command five seconds. */
const RUNC_MS = 4000;
const CONNECT_MS = 500;

/** As of a process that was killed: 128 and SIGKILL. */
const KILLED = 137;

/**
 * Takes away all that a container may have left behind when its shim died. It is also run after every orderly end, and
 * finds nothing then.
 *
 * @param bundle the working directory.
 * @returns what containerd reads from standard output.
 */
export async function deleteLeftovers({ id, namespace }: Flags, bundle: string): Promise<Uint8Array> {
  const { binaryName, root } = readRuncSettings(bundle) ?? DEFAULT_OPTIONS;
  const pid = readPid(bundle);
  const runc = new Runc({ binary: binaryName, root: join(root, namespace), spawn });
  await runc.delete(id, { force: true }, AbortSignal.timeout(RUNC_MS));
  for (const folder of ["rootfs", "executor"]) unmountRecursive(join(bundle, folder));
  await removeDeadSocket(bundle);
  return DeleteResponse.encode({ pid, exitStatus: KILLED, exitedAt: timestampFromDate(new Date()) });
}

function readPid(bundle: string): number {
  try {
    return Number.parseInt(readFileSync(join(bundle, "init.pid"), "utf8"), 10) || 0;
  } catch {
    return 0;
  }
}

/** The socket of a shim that lives serves other containers of its group. */
async function removeDeadSocket(bundle: string): Promise<void> {
  const path = readAddress(bundle);
  if (path === undefined) return;
  const socket = connect(path);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") rmSync(path, { force: true });
  } finally {
    socket.destroy();
  }
}

function readAddress(bundle: string): string | undefined {
  try {
    return /^unix:\/\/(\/[^\0]+)$/u.exec(readFileSync(join(bundle, "address"), "utf8").trim())?.[1];
  } catch {
    return undefined;
  }
}
