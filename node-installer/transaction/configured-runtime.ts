import { parseToml } from "../containerd-config/toml-tree.ts";
import type { Context } from "../context.ts";
import { exists } from "../host/atomic-file.ts";
import type { Runtime } from "../host/links.ts";
import { dumpConfig } from "../inspect.ts";
import { runtimeInDump } from "../runtimes.ts";

/** The runtime that containerd's files give a handler, by containerd's own word. */
export async function configuredRuntime(
  context: Context,
  handler: string,
  signal: AbortSignal,
): Promise<Runtime | undefined> {
  const unit = await context.links.unit(signal);
  const path = (await exists(unit.configPath)) ? unit.configPath : undefined;
  return runtimeInDump(parseToml(await dumpConfig(context, unit, path, signal), "the present configuration"), handler);
}
