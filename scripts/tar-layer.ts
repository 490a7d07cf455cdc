/** Packs entries as an image layer: a gzip'ed tar with the two digests that an image needs of it. */
import { createHash } from "node:crypto";
import type { TransformCallback } from "node:stream";
import { Transform } from "node:stream";
import { createGzip } from "node:zlib";
import type { TarEntry } from "./tar-stream.ts";
import { tarStream } from "./tar-stream.ts";
import { writeWhole } from "./write-whole.ts";

/** A packed layer on disk. Digests are `sha256:<hex>`. */
export interface Layer {
  readonly file: string;
  /** Of the file as it is, gzip'ed. */
  readonly digest: string;
  /** Of the tar inside. */
  readonly diffId: string;
  /** Bytes of the file. */
  readonly size: number;
}

/**
 * Writes the entries to `file` (temp file, then rename; its folder is made). The same entries give the same bytes under
 * the same Node version: gzip has no time stamp, level 9.
 *
 * @throws {BuildError} `ENTRY_INVALID`, as `tarStream`.
 */
export async function packLayer(entries: readonly TarEntry[], file: string, signal: AbortSignal): Promise<Layer> {
  const inner = new Digest();
  const outer = new Digest();
  await writeWhole(file, tarStream(entries), [inner, createGzip({ level: 9 }), outer], signal);
  return { file, digest: outer.value(), diffId: inner.value(), size: outer.bytes };
}

/** Lets bytes pass and keeps their number and sha256. */
class Digest extends Transform {
  bytes = 0;
  readonly #hash = createHash("sha256");

  override _transform(chunk: Uint8Array, _encoding: string, done: TransformCallback): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  value(): string {
    return `sha256:${this.#hash.digest("hex")}`;
  }
}
