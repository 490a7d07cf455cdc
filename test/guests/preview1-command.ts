import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jco } from "./component-tools.ts";

/** A command for WASI's first version as a component, by the adapter. */
export async function preview1Command(core: Uint8Array): Promise<Uint8Array> {
  const tools = await jco();
  const adapter = readFileSync(fileURLToPath(tools.preview1AdapterCommandPath()));
  return tools.componentNew(core, [["wasi_snapshot_preview1", adapter]]);
}
