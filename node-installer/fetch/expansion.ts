import type { Buffer } from "node:buffer";
import { ArchiveError } from "./archive-error.ts";

/** What an archive may hold besides the shim, in bytes: headers, licences. */
const OVERHEAD_BYTES = 16 * 1024 * 1024;
/** Programs shrink to a third or a tenth; what grows more than this is made to fill a disk. */
const MAX_RATIO = 100;
/** Up to here any ratio is allowed, in bytes. */
const FREE_BYTES = 64 * 1024 * 1024;

/**
 * Passes decompressed pieces on until there are too many.
 *
 * @param maxBytes what the shim may have.
 * @param compressedBytes how much has been read to get the pieces so far.
 * @throws {ArchiveError} `ArtifactTooLarge`: more than `maxBytes` and 16 MiB; `ArchiveRefused`: over 64 MiB and more
 *   than 100 times what was read.
 */
export async function* limitExpansion(
  pieces: AsyncIterable<Buffer>,
  maxBytes: number,
  compressedBytes: () => number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > maxBytes + OVERHEAD_BYTES) {
      throw new ArchiveError(
        "ArtifactTooLarge",
        `it expands to more than the ${String(maxBytes)} bytes that are allowed`,
      );
    }
    if (bytes > FREE_BYTES && bytes > MAX_RATIO * compressedBytes()) {
      throw new ArchiveError(
        "ArchiveRefused",
        `it is refused as a bomb: it expands to more than ${String(MAX_RATIO)} times its size`,
      );
    }
    yield piece;
  }
}
