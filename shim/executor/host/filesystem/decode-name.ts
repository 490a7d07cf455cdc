import { isUtf8 } from "node:buffer";
import { FilesystemError } from "./error-code.ts";

/**
 * What the kernel has as bytes, as the text that guests have.
 *
 * @throws {FilesystemError} `illegal-byte-sequence` if it is no UTF-8: no text would lead back to it.
 */
export function decodeName(name: unknown): string {
  if (!(name instanceof Uint8Array) || !isUtf8(name)) throw new FilesystemError("illegal-byte-sequence");
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString("utf8");
}
