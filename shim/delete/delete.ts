import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import type { Flags } from "../flags.ts";
import { unmountRecursive } from "../linux/unmount.ts";
import { DEFAULT_OPTIONS } from "../options/runtime-options.ts";
import { DeleteResponse } from "../proto/task.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import { Runc } from "../runc/runc.ts";
import { isShimAlive } from "../start/is-shim-alive.ts";
import { NODE_GROUP, socketPath } from "../start/socket-address.ts";
import { readRuncSettings } from "../task/runc-settings.ts";
import { containersOfPod } from "./containers-of-pod.ts";
import type { PodContainer } from "./containers-of-pod.ts";
import { notServed } from "./not-served.ts";

/** containerd gives the whole command five seconds. */
const RUNC_MS = 4000;

/** As of a process that was killed: 128 and SIGKILL. */
const KILLED = 137;

/** Takes a line of text. */
type Warn = (line: string) => void;

/**
 * Takes away all that a container may have left behind when its shim died. It is also run after every orderly end, and
 * finds nothing then. What cannot be taken away is told to `warn`: without an answer containerd would keep the bundle.
 *
 * @param bundle may be gone.
 * @returns what containerd reads from standard output.
 */
export async function deleteLeftovers(flags: Flags, bundle: string, warn: Warn): Promise<Uint8Array> {
  const { id, namespace } = flags;
  const { binaryName, root } = readRuncSettings(bundle) ?? DEFAULT_OPTIONS;
  const pid = readPid(bundle);
  const address = readAddress(bundle); // Before the container ends: then containerd may remove the bundle.
  const runc = new Runc({ binary: binaryName, root: join(root, namespace), spawn });
  await deleteOne(runc, { id, bundle }, warn);
  // By their rule, not by what the bundle says: containerd may have removed that meanwhile.
  const podSocket = socketPath({ ...flags, group: id });
  const nodeSocket = socketPath({ ...flags, group: NODE_GROUP });
  const isPodAlive = await isAlive(podSocket);
  const isNodeAlive = await isAlive(nodeSocket);
  const [socket, isShimThere] =
    address === `unix://${nodeSocket}` ? [nodeSocket, isNodeAlive] : [podSocket, isPodAlive];
  // With version 3 of the protocol containerd calls this for the pod's first container only.
  const others = containersOfPod(join(root, namespace), id);
  const left = isShimThere ? await notServed(socket, others) : others;
  await Promise.all(left.map(async (other) => deleteOne(runc, other, warn)));
  return DeleteResponse.encode({ pid, exitStatus: KILLED, exitedAt: timestampFromDate(new Date()) });
}

/** As runc's shim, which only warns too. */
async function deleteOne(runc: Runc, { id, bundle }: PodContainer, warn: Warn): Promise<void> {
  try {
    await runc.delete(id, { force: true }, AbortSignal.timeout(RUNC_MS));
  } catch (error) {
    warn(`Cannot delete container "${id}": ${messageOf(error)}`);
  }
  try {
    unmountRecursive(join(bundle, "rootfs"));
  } catch (error) {
    warn(`Cannot unmount the root of container "${id}": ${messageOf(error)}`);
  }
}

function readPid(bundle: string): number {
  try {
    return Number.parseInt(readFileSync(join(bundle, "init.pid"), "utf8"), 10) || 0;
  } catch {
    return 0;
  }
}

/** The address of the container's shim, as `start` wrote it. */
function readAddress(bundle: string): string | undefined {
  try {
    return readFileSync(join(bundle, "address"), "utf8").trim();
  } catch {
    return undefined; // The pod's first container has it, and only while the bundle is there.
  }
}

/** Also takes away the socket of a dead one. The socket of one that lives serves other containers of its group. */
async function isAlive(path: string): Promise<boolean> {
  return isShimAlive(path).catch(() => true); // Who knows: then its containers are let be.
}
