import { fstatSync, read as readCallback } from "node:fs";
import { promisify } from "node:util";
import { sha256 } from "@noble/hashes/sha2.js";
import { nodeCrypto } from "@rcm/lib/late-modules";

const read = promisify(readCallback);

/** As the executor has it: larger ones are refused. */
const MAX_BYTES = 256 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Up to here the digest takes less time than to load `node:crypto`, which takes 6 ms. */
const SMALL_BYTES = 32 * 1024;

/**
 * The digest of an open file: `sha256:…`. `undefined` if it is larger than a component may be.
 *
 * @param onChunk gets all of it, piece by piece; a piece is overwritten by the next one.
 * @throws `signal`'s reason, between two pieces.
 */
export async function digestOf(
  fd: number,
  signal: AbortSignal,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<string | undefined> {
  const { size } = fstatSync(fd);
  if (size > MAX_BYTES) return undefined;
  const hash = size <= SMALL_BYTES ? sha256.create() : nodeCrypto().createHash("sha256");
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await read(fd, buffer, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return `sha256:${Buffer.from(hash.digest()).toString("hex")}`;
    at += bytesRead;
    if (at > MAX_BYTES) return undefined; // It has grown.
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    onChunk(chunk);
  }
}
