import { closeSync, openSync, readSync } from "node:fs";
import { hasCode } from "@rcm/lib/errors";

const MAX_BYTES = 65_536;
/** Of a cgroup that is not there, or was removed while its file was open, or of a kernel without it. */
const ABSENT: readonly string[] = ["ENOENT", "ENODEV", "ENOTDIR", "EOPNOTSUPP", "EINVAL", "EIO", "EACCES"];

/**
 * Reads the kernel's small files, each at most 64 KiB, whole lines. Synchronously: they are in memory, and a trip through
 * the thread pool costs several times as much as the read.
 */
export class SmallFiles {
  readonly #buffer = Buffer.allocUnsafeSlow(MAX_BYTES);

  /** `undefined`: it is not there. */
  text(path: string): string | undefined {
    try {
      const file = openSync(path, "r");
      try {
        return this.#read(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (hasCode(error, ...ABSENT)) return undefined;
      throw error;
    }
  }

  #read(file: number): string {
    let length = 0;
    while (length < MAX_BYTES) {
      const bytes = readSync(file, this.#buffer, length, MAX_BYTES - length, null);
      if (bytes === 0) return this.#buffer.toString("latin1", 0, length);
      length += bytes;
    }
    return this.#buffer.toString("latin1", 0, this.#buffer.lastIndexOf("\n") + 1);
  }
}
