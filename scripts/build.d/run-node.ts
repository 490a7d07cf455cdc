import { join } from "node:path";
import type { Platform } from "./platform.ts";

/** The command that runs a platform's Node on this machine: another architecture's by Debian's qemu-user-static. */
export function nodeCommand(platform: Platform, executable: string, packages: string): string[] {
  const { npm, triplet, loader } = platform;
  if (npm === process.arch) return [process.execPath];
  const [machine = ""] = triplet.split("-");
  const libraries = join(packages, "usr/lib", triplet);
  return [`qemu-${machine}-static`, join(packages, loader), "--library-path", libraries, executable];
}
