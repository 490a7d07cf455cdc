import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Flags } from "../flags.ts";
import { parseOptions } from "../options/runtime-options.ts";
import { ShimError } from "../shim-error.ts";
import { groupOf } from "../spec/container-kind.ts";
import type { OciSpec } from "../spec/oci-spec.ts";
import { readOptions } from "./read-options.ts";
import { NODE_GROUP, socketPath } from "./socket-address.ts";

/**
 * Path of the socket of the shim that is to have a container: that of its pod, or of the node. Reads standard input, so
 * it can be asked once.
 *
 * @param bundle the container's.
 */
export async function findSocket(flags: Flags, bundle: string): Promise<string> {
  return socketPath({ ...flags, group: await findGroup(flags, bundle) });
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
