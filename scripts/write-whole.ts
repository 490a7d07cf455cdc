import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Transform } from "node:stream";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Writes a file that is there whole or not at all: temp file beside it, then rename. Its folder is made. */
export async function writeWhole(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  through: readonly Transform[],
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${String(process.pid)}.partial`;
  try {
    await pipeline([Readable.from(chunks), ...through, createWriteStream(partial)], { signal });
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}
