import { once } from "node:events";
import { rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { messageOf } from "@rcm/lib/errors";
import { ShimError } from "../shim-error.ts";

/** How long a shim that is there may take to accept, in milliseconds. */
const CONNECT_MS = 2000;

/**
 * Whether a shim serves at the socket. What a dead one left is taken away.
 *
 * @throws {ShimError} `StartFailed` if there is no telling.
 */
export async function isShimAlive(path: string): Promise<boolean> {
  const seen = identityOf(path);
  if (seen === undefined) return false;
  const socket = connect(path);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return false; // Another who found it dead has just taken it away.
    if (code !== "ECONNREFUSED") {
      throw new ShimError("StartFailed", `Cannot reach the shim at "${path}": ${messageOf(error)}`, { cause: error });
    }
    // Others may have done this before, and begun anew.
    if (identityOf(path) === seen) rmSync(path, { force: true });
    return false;
  } finally {
    socket.destroy();
  }
}

/** A number of its own is not enough: ext4 gives that of a removed file to the next one. */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${String(stats.ino)} ${String(stats.ctimeNs)}`;
}
