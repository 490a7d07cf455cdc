import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Flags } from "../flags.ts";
import { unmountRecursive } from "../linux/unmount.ts";
import { readRuncSettings } from "../options/runc-settings.ts";
import { DEFAULT_OPTIONS } from "../options/runtime-options.ts";
import { DeleteResponse } from "../proto/task.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import { Runc } from "../runc/runc.ts";
import { NODE_GROUP, socketPath } from "../start/socket-address.ts";
import { containersOfPod } from "./containers-of-pod.ts";
import type { PodContainer } from "./containers-of-pod.ts";

/** containerd gives the whole command five seconds. */
const RUNC_MS = 4000;
const CONNECT_MS = 500;

/** As of a process that was killed: 128 and SIGKILL. */
const KILLED = 137;

/**
 * Takes away all that a container may have left behind when its shim died. It is also run after every orderly end, and
 * finds nothing then.
 *
 * @param bundle may be gone.
 * @returns what containerd reads from standard output.
 */
export async function deleteLeftovers(flags: Flags, bundle: string): Promise<Uint8Array> {
  const { id, namespace } = flags;
  const { binaryName, root } = readRuncSettings(bundle) ?? DEFAULT_OPTIONS;
  const pid = readPid(bundle);
  const runc = new Runc({ binary: binaryName, root: join(root, namespace), spawn });
  await deleteOne(runc, { id, bundle });
  // By its rule, not by what the bundle says: containerd may have removed that meanwhile.
  const isShimAlive = await removeDeadSocket(socketPath({ ...flags, group: id }));
  await removeDeadSocket(socketPath({ ...flags, group: NODE_GROUP }));
  // With version 3 of the protocol containerd calls this for the pod's first container only.
  if (!isShimAlive) {
    for (const other of containersOfPod(join(root, namespace), id)) await deleteOne(runc, other);
  }
  return DeleteResponse.encode({ pid, exitStatus: KILLED, exitedAt: timestampFromDate(new Date()) });
}

async function deleteOne(runc: Runc, { id, bundle }: PodContainer): Promise<void> {
  await runc.delete(id, { force: true }, AbortSignal.timeout(RUNC_MS));
  unmountRecursive(join(bundle, "rootfs"));
}

function readPid(bundle: string): number {
  try {
    return Number.parseInt(readFileSync(join(bundle, "init.pid"), "utf8"), 10) || 0;
  } catch {
    return 0;
  }
}

/**
 * The socket of a shim that lives stays: it serves other containers of its group.
 *
 * @returns whether one lives.
 */
async function removeDeadSocket(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const socket = connect(path);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ECONNREFUSED")) return true; // Who knows.
    rmSync(path, { force: true });
    return false;
  } finally {
    socket.destroy();
  }
}
