import { RuntimeInfo } from "./proto/runtime-info.ts";
import { VERSION } from "./version.ts";

/** As containerd's configuration names it, and as the file is called. */
const RUNTIME = "io.containerd.spin.v2";
const FILE = "containerd-shim-spin-v2";

/** What `-v` prints for people, and what `-info` prints for containerd from 2.0 on. */
export function describe(action: "version" | "info"): Uint8Array {
  if (action === "info") return RuntimeInfo.encode({ name: RUNTIME, version: { version: VERSION } });
  return Buffer.from(`${FILE}:\n  Version: ${VERSION}\n  Node: ${process.version}\n`);
}
