import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasiWit } from "./component-tools.ts";

/** A WIT package beside WASI's, which it may use. */
export async function witFolder(folder: string, world: string): Promise<string> {
  const wit = join(folder, "wit");
  mkdirSync(join(wit, "deps"), { recursive: true });
  writeFileSync(join(wit, "world.wit"), world);
  const wasi = await wasiWit();
  for (const name of readdirSync(wasi).filter((entry) => entry.startsWith("wasi-"))) {
    cpSync(join(wasi, name), join(wit, "deps", name), { recursive: true });
  }
  return wit;
}
