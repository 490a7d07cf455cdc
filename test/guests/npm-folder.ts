import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, putInPlace } from "./guest-cache.ts";
import { runTool } from "./run-tool.ts";

/**
 * A folder in which npm has installed what a package.json asks for, once for all tests of a machine: outside of the source
 * tree, for it is no part of the product.
 */
export async function npmFolder(manifest: string): Promise<string> {
  const key = createHash("sha256").update(manifest).digest("hex").slice(0, 16);
  const folder = join(cacheFolder("tools"), key);
  if (existsSync(folder)) return folder;
  const half = mkdtempSync(join(cacheFolder("tools"), "half-"));
  writeFileSync(join(half, "package.json"), manifest);
  await runTool("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], half);
  putInPlace(half, folder);
  return folder;
}
