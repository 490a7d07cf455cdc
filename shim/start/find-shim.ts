import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import type { Flags } from "../flags.ts";
import { parseOptions } from "../options/runtime-options.ts";
import { ShimError } from "../shim-error.ts";
import { groupOf } from "../spec/container-kind.ts";
import type { OciSpec } from "../spec/oci-spec.ts";
import { readOptions } from "./read-options.ts";
import { NODE_GROUP, socketPath } from "./socket-address.ts";

/** How long a shim that is there may take to accept, in milliseconds. */
const CONNECT_MS = 2000;

export interface FoundShim {
  /** Path of the socket of the container's group. */
  readonly path: string;
  /** Whether a shim serves there. */
  readonly isAlive: boolean;
}

/**
 * Finds the shim that is to have a container: that of its pod, or of the node. What a dead one left is taken away.
 *
 * @param bundle the container's.
 */
export async function findShim(flags: Flags, bundle: string): Promise<FoundShim> {
  const path = socketPath({ ...flags, group: await findGroup(flags, bundle) });
  return { path, isAlive: await isAlive(path) };
}

async function findGroup(flags: Flags, bundle: string): Promise<string> {
  const options = await parseOptions(readOptions(flags));
  if (options.grouping === "node") return NODE_GROUP;
  const file = join(bundle, "config.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const message = `Cannot read "${file}", which containerd makes for container "${flags.id}"`;
    throw new ShimError("BundleUnreadable", message, { cause });
  }
  return groupIn(text, file) ?? flags.id;
}

/** Only this is read here: the shim reads and checks the whole when it creates the container. */
function groupIn(text: string, file: string): string | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever else it is, it has no such annotation
    return groupOf(JSON.parse(text) as OciSpec);
  } catch (cause) {
    throw new ShimError("BundleUnreadable", `Cannot read "${file}" as JSON`, { cause });
  }
}

async function isAlive(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
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
