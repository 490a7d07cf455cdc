import type { Buffer } from "node:buffer";
import type { Hash } from "node:crypto";

/** Passes the pieces on as they are, and puts each into the hash and its number of bytes into `count` before that. */
export async function* hashing(
  pieces: AsyncIterable<Buffer>,
  hash: Hash,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    count(piece.length);
    hash.update(piece);
    yield piece;
  }
}
