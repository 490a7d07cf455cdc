/** The Node executable of any architecture, from the npm package that the development dependency `node` installs too. */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { recipeHash, replaceFolder } from "./cache-folder.ts";
import { withoutDeadlockDetection } from "./deadlock-detection.ts";
import { runCommand } from "./run-command.ts";
import { stripElf } from "./strip-elf.ts";

export interface NodeRuntime {
  /** Tells it from any other: version, architecture, how it was stripped. */
  readonly name: string;
  /** The stripped executable. */
  readonly executable: string;
  readonly license: string;
}

/**
 * Node `version` for `npm` ("x64", "arm64"), from the cache if it is there. npm compares the package with the registry's
 * checksum.
 *
 * @throws {BuildError} `COMMAND_FAILED` if npm or tar fails.
 */
export async function nodeRuntime(
  { version, npm, cache }: { version: string; npm: string; cache: string },
  signal: AbortSignal,
): Promise<NodeRuntime> {
  const recipe = await recipeHash(
    ["./strip-elf.ts", "./deadlock-detection.ts", "./node-runtime.ts"].map((one) => import.meta.resolve(one)),
  );
  const name = `node-${version}-${npm}-${recipe}`;
  const folder = join(cache, name);
  const runtime = { name, executable: join(folder, "node"), license: join(folder, "LICENSE") };
  async function isThere(): Promise<boolean> {
    return isFile(runtime.license);
  }
  async function fill(work: string): Promise<void> {
    await runCommand("npm", ["pack", "--silent", `node-linux-${npm}@${version}`], { cwd: work }, signal);
    const archive = `node-linux-${npm}-${version}.tgz`;
    await runCommand("tar", ["-xzf", archive, "package/bin/node", "package/LICENSE"], { cwd: work }, signal);
    const whole = await readFile(join(work, "package/bin/node"));
    await writeFile(join(work, "node"), stripElf(withoutDeadlockDetection(whole)), { mode: 0o755 });
    await rename(join(work, "package/LICENSE"), join(work, "LICENSE"));
    await rm(join(work, "package"), { recursive: true });
    await rm(join(work, archive));
  }
  if (!(await isThere())) await replaceFolder(folder, fill, isThere);
  return runtime;
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
