import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a folder that is there whole or not at all: `fill` gets a new folder beside it, which then takes its place. */
export async function replaceFolder(folder: string, fill: (work: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.partial-`);
  try {
    await fill(work);
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Twelve hex digits that change when one of the modules does: what they made is then made anew. */
export async function recipeHash(modules: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const module of modules) hash.update(await readFile(new URL(module)));
  return hash.digest("hex").slice(0, 12);
}
