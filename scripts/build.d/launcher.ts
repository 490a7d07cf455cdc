import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "./platform.ts";
import { runCommand } from "./run-command.ts";

const FLAGS =
  "-std=c11 -Wall -Wextra -Werror -Oz -ffreestanding -fno-builtin -nostdlib -static -fPIE -fvisibility=hidden " +
  "-fno-stack-protector -fno-asynchronous-unwind-tables -fno-jump-tables " +
  "-fuse-ld=lld -Wl,-T,launcher.ld,--oformat,binary,--build-id=none";

/**
 * Machine code of shim/launcher for a platform, which needs no other place in memory than the one it gets.
 *
 * @throws {BuildError} `COMMAND_FAILED` if clang or lld is missing or finds an error
 */
export async function compileLauncher(
  root: string,
  { architecture, triplet }: Platform,
  work: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const file = join(work, `launcher-${architecture}`);
  const cwd = join(root, "shim/launcher");
  await runCommand("clang", [`--target=${triplet}`, ...FLAGS.split(" "), "-o", file, "launcher.c"], { cwd }, signal);
  return await readFile(file);
}
