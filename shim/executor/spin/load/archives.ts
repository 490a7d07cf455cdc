import { closeSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import { nodeCrypto } from "@rcm/lib/late-modules";
import type { ReadEntry } from "tar";
import { SpinError } from "../errors.ts";

/** Of all archives together. */
const MAX_ENTRIES = 65_536;
const MAX_BYTES = 1024 ** 3;

/**
 * Unpacks the archives of an application, tar files compressed by gzip. Their names for the files do not count, for the
 * application names them by digest: so nothing of an archive can lead out of `target`.
 *
 * @returns where the files are, by digest: `sha256:…`.
 * @throws {SpinError} `INVALID` for archives that are none or have too much in them, `MISSING` if there is no room.
 */
export async function unpackArchives(source: string, target: string): Promise<ReadonlyMap<string, string>> {
  const { list } = await import("tar");
  mkdirSync(target, { recursive: true });
  const unpacking = new Unpacking(target);
  for (const name of readdirSync(source).toSorted()) {
    try {
      list({
        file: join(source, name),
        sync: true,
        strict: true,
        onReadEntry: (entry) => {
          unpacking.take(entry);
        },
      });
    } catch (error) {
      if (error instanceof SpinError) throw error;
      const isFull = hasCode(error, "ENOSPC");
      throw isFull
        ? new SpinError("MISSING", `Cannot unpack the application's files: they do not fit into "${target}"`)
        : new SpinError("INVALID", `Cannot unpack the application's archive "${name}": push it again`, {
            cause: error,
          });
    }
  }
  return unpacking.files;
}

class Unpacking {
  readonly #folder: string;
  readonly #files = new Map<string, string>();
  #entries = 0;
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get files(): ReadonlyMap<string, string> {
    return this.#files;
  }

  take(entry: ReadEntry): void {
    this.#entries += 1;
    this.#bytes += entry.size;
    if (this.#entries > MAX_ENTRIES || this.#bytes > MAX_BYTES) {
      throw new SpinError(
        "INVALID",
        `Cannot unpack the application's files: there are more than ${MAX_ENTRIES}, or more than ${MAX_BYTES} bytes`,
      );
    }
    if (entry.type === "File" || entry.type === "OldFile") this.#write(entry);
    else entry.resume();
  }

  #write(entry: ReadEntry): void {
    const half = join(this.#folder, `half-${this.#entries}`);
    const hash = nodeCrypto().createHash("sha256");
    const fd = openSync(half, "wx");
    entry.on("data", (chunk) => {
      hash.update(chunk);
      for (let offset = 0; offset < chunk.length;) offset += writeSync(fd, chunk, offset);
    });
    entry.on("end", () => {
      closeSync(fd);
      const hex = hash.digest("hex");
      const file = join(this.#folder, hex);
      renameSync(half, file);
      this.#files.set(`sha256:${hex}`, file);
    });
  }
}
