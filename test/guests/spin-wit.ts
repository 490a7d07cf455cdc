import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { runTool } from "./run-tool.ts";

/** The last of Spin's SDKs for Rust that has the interfaces of Spin 3; the later ones are for the asynchronous ones of Spin 4. */
const SDK = { name: "spin-sdk", version: "5.2.0" } as const;
/** Asynchronous interfaces, which no other one uses. */
const ASYNCHRONOUS = /-0\.3\.0-rc-/;

/** A WIT package beside Spin's, which it may use: from Spin's SDK, which cargo brings. */
export async function spinWitFolder(folder: string, world: string): Promise<string> {
  const source = join(await sdkFolder(), "wit", "deps");
  const wit = join(folder, "wit");
  mkdirSync(join(wit, "deps"), { recursive: true });
  writeFileSync(join(wit, "world.wit"), world);
  for (const name of readdirSync(source).filter((entry) => !ASYNCHRONOUS.test(entry))) {
    cpSync(join(source, name), join(wit, "deps", name), { recursive: true });
  }
  return wit;
}

async function sdkFolder(): Promise<string> {
  const known = unpackedFolder();
  if (known !== undefined) return known;
  await runTool("cargo", ["info", "--quiet", `${SDK.name}@${SDK.version}`], "/"); // Downloads and unpacks just this one.
  const found = unpackedFolder();
  if (found === undefined) throw new Error(`Cannot find ${SDK.name} ${SDK.version} among what cargo has unpacked`);
  return found;
}

function unpackedFolder(): string | undefined {
  // eslint-disable-next-line node/no-process-env -- cargo itself asks it.
  const sources = join(process.env["CARGO_HOME"] ?? join(homedir(), ".cargo"), "registry", "src");
  if (!existsSync(sources)) return undefined;
  const folders = readdirSync(sources).map((registry) => join(sources, registry, `${SDK.name}-${SDK.version}`));
  return folders.find((folder) => existsSync(folder));
}
