import { writeFileSync } from "node:fs";
import { CodedError } from "@rcm/lib/errors";

/** A file could not be written; `code` is the system's, such as `ENOSPC`. */
class WriteError extends CodedError<string> {
  override readonly name = "WriteError";
}

/**
 * Writes a file; its owner alone may read it unless told otherwise.
 *
 * @throws {WriteError} with the file's name, which the system leaves out where a disk is full.
 */
export function writeNamed(path: string, content: string | Uint8Array, mode = 0o600): void {
  try {
    writeFileSync(path, content, { mode });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new WriteError(code, `Cannot write "${path}"`, { cause });
  }
}
