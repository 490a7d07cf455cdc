import { once } from "node:events";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { dirname, join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import type { Flags } from "../flags.ts";
import { writeNamed } from "../linux/write-named.ts";
import { ShimError } from "../shim-error.ts";
import { findSocket } from "./find-socket.ts";
import { isShimAlive } from "./is-shim-alive.ts";

export interface Started {
  /** For containerd. */
  readonly address: string;
  readonly path: string;
  /** Undefined if another process serves there. Else it listens, and this process is to be the shim. */
  readonly listener: Server | undefined;
}

/** Two pods of a node may start at once and want the same shim; after so many tries something else is wrong. */
const TRIES = 5;

/**
 * Finds the shim of a container's group, or becomes it.
 *
 * @param bundle the container's.
 * @throws {ShimError} `StartFailed`, `BundleUnreadable`; {WriteError} if the bundle cannot be written.
 */
export async function start(flags: Flags, bundle: string): Promise<Started> {
  const path = await findSocket(flags, bundle);
  const address = `unix://${path}`;
  // How containerd up to 1.7 finds the shim after its own restart. Before there is a socket, which a failure would leave.
  writeNamed(join(bundle, "address"), address, 0o644);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const listener = (await isShimAlive(path)) ? undefined : await listen(path);
    if (listener === "taken") continue;
    return { address, path, listener };
  }
  throw new ShimError("StartFailed", `Cannot start a shim for container "${flags.id}": others take its socket and end`);
}

/** The socket gets its name once it listens: before, others would take it for one that a dead shim left. */
async function listen(path: string): Promise<Server | "taken"> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 }); // Nobody but root may connect.
  const listener = createServer();
  const own = `${path}.${process.pid}`;
  await once(listener.listen(own), "listening");
  chmodSync(own, 0o600);
  try {
    linkSync(own, path);
    return listener;
  } catch (error) {
    listener.close();
    if (hasCode(error, "EEXIST")) return "taken";
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** In want of memory, shims go before containerd: one more than its own, as runc's shim has it. */
export function makeExpendable(containerdPid: number): void {
  try {
    const score = Number(readFileSync(`/proc/${containerdPid}/oom_score_adj`, "utf8"));
    writeFileSync("/proc/self/oom_score_adj", String(Math.min(1000, score + 1)));
  } catch {
    // Only root of the first user namespace may lower it, and the shim works without.
  }
}
