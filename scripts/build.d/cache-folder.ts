import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder that is there whole or not at all: `fill` gets a new folder beside it, which then takes its place.
 * Builds may run side by side: where `isCurrent` says of what is there by now that it will do, that stays, for the build
 * that was faster reads it.
 */
export async function replaceFolder(
  folder: string,
  fill: (work: string) => Promise<void>,
  isCurrent: () => Promise<boolean>,
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.partial-`);
  try {
    await fill(work);
    while (!(await takesPlace(work, folder))) {
      if (await isCurrent()) return;
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @returns false where there is something. */
async function takesPlace(work: string, folder: string): Promise<boolean> {
  try {
    await rename(work, folder);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOTEMPTY", "EEXIST"].includes(String(error.code))) return false;
    throw error;
  }
}

/** Twelve hex digits that change when one of the modules does: what they made is then made anew. */
export async function recipeHash(modules: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const module of modules) hash.update(await readFile(new URL(module)));
  return hash.digest("hex").slice(0, 12);
}
