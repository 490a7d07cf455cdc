import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { type Duplex, PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { ArchiveError } from "./archive-error.ts";
import { type Compression, compressionOf } from "./content.ts";
import { limitExpansion } from "./expansion.ts";
import { hashing } from "./hashing.ts";
import type { WantedShim } from "./shim-in-tar.ts";
import { sift } from "./sieve.ts";

const CHUNK_BYTES = 64 * 1024;
const MAGIC_BYTES = 4;
/** 32 MiB of memory, more than `zstd -19` asks for: https://github.com/facebook/zstd/blob/v1.5.6/lib/compress/clevels.h */
const ZSTD_WINDOW_LOG_MAX = 25;

export interface Unpacked {
  /** sha256 of the shim, hex. */
  readonly digest: string;
  readonly bytes: number;
  /** Path of the shim in the archive; absent if the artifact was the shim itself. */
  readonly entry?: string;
}

/**
 * Writes the one shim that is in the archive to a new file (mode 0755 less the umask, fsynced), and nothing else
 * anywhere. What the archive is shows in its bytes: an ELF file or tar, plain or compressed by gzip or zstd. Needs little
 * memory, whatever the size.
 *
 * @throws {ArchiveError} what is wrong with the archive; the file may be there, but not complete.
 */
export async function unpackShim(
  archive: string,
  file: string,
  wanted: WantedShim,
  signal: AbortSignal,
): Promise<Unpacked> {
  const compression = compressionOf(await headOf(archive));
  const input = createReadStream(archive, { highWaterMark: CHUNK_BYTES });
  const hash = createHash("sha256");
  let bytes = 0;
  let entry: string | undefined;
  try {
    await pipeline(
      input,
      decompressor(compression),
      (pieces: AsyncIterable<Buffer>) => limitExpansion(pieces, wanted.maxBinaryBytes, () => input.bytesRead),
      (pieces: AsyncIterable<Buffer>) => sift(pieces, wanted, ({ path }) => (entry = path)),
      (pieces: AsyncIterable<Buffer>) => hashing(pieces, hash, (count) => (bytes += count)),
      createWriteStream(file, { flags: "wx", mode: 0o755, flush: true }),
      { signal },
    );
  } catch (error) {
    throw isOfZlib(error) ? decompressionError(error, compression) : error;
  }
  return { digest: hash.digest("hex"), bytes, ...(entry === undefined ? {} : { entry }) };
}

async function headOf(archive: string): Promise<Buffer> {
  await using handle = await open(archive);
  const { buffer, bytesRead } = await handle.read({
    length: MAGIC_BYTES,
    buffer: Buffer.alloc(MAGIC_BYTES),
  });
  return buffer.subarray(0, bytesRead);
}

function decompressor(compression: Compression): Duplex {
  if (compression === "gzip") return createGunzip({ chunkSize: CHUNK_BYTES });
  if (compression === "none") return new PassThrough();
  return createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
  });
}

/** Node's codes for errors of the decompressors: https://nodejs.org/docs/latest-v26.x/api/zlib.html#constants */
function isOfZlib(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && /^(Z_|ZSTD_)/u.test(String(error.code));
}

function decompressionError(cause: Error & { readonly code: string }, compression: Compression): ArchiveError {
  if (cause.code.includes("windowTooLarge")) {
    const message =
      "it needs more than 32 MiB of memory to be decompressed: compress it by zstd without --ultra or --long";
    return new ArchiveError("ArchiveRefused", message, { cause });
  }
  return new ArchiveError("ArchiveCorrupt", `its ${compression} data is damaged or cut off: ${cause.message}`, {
    cause,
  });
}
