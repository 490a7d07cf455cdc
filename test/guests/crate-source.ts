import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "./guest-cache.ts";
import { runTool } from "./run-tool.ts";

/** The folder with the source of a crate, which cargo unpacks when it is asked about the crate. */
export async function crateSource(name: string, version: string): Promise<string> {
  const crate = `${name}-${version}`;
  const found = unpacked(crate);
  if (found !== undefined) return found;
  await runTool("cargo", ["info", "--quiet", `${name}@${version}`], cacheFolder("crates"));
  const folder = unpacked(crate);
  if (folder === undefined) throw new Error(`Cannot find the source of the crate "${crate}": cargo did not unpack it`);
  return folder;
}

function unpacked(crate: string): string | undefined {
  // eslint-disable-next-line node/no-process-env -- It decides where cargo keeps crates.
  const sources = join(process.env["CARGO_HOME"] ?? join(homedir(), ".cargo"), "registry", "src");
  if (!existsSync(sources)) return undefined;
  return readdirSync(sources)
    .map((registry) => join(sources, registry, crate))
    .find((folder) => existsSync(join(folder, "Cargo.toml")));
}
