/** Writes POSIX ustar archives that depend on their entries only: sorted, no clock, no user names. */
import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { BuildError } from "./build-error.ts";

interface Owned {
  /** Where it lies in the archive: relative, no `.` or `..`, no slash at the end. */
  readonly path: string;
  /** Numeric owner; 0 unless told. */
  readonly uid?: number;
  readonly gid?: number;
}

/** One file, folder or symbolic link. `source` is a path on this machine, `content` the bytes themselves. */
export type TarEntry =
  | (Owned & { readonly kind: "file"; readonly source: string; readonly mode: number })
  | (Owned & { readonly kind: "file"; readonly content: string | Uint8Array; readonly mode: number })
  | (Owned & { readonly kind: "folder"; readonly mode: number })
  | (Owned & { readonly kind: "link"; readonly target: string });

/** ustar counts in blocks of 512 bytes: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 */
const BLOCK_BYTES = 512;
const TYPE_FLAGS = { file: "0", link: "2", folder: "5" } as const;
const PARENT_MODE = 0o755;

/**
 * The bytes of an archive. Entries come sorted by path, with each folder above them (0755, root) that is not given;
 * every time stamp is 1970-01-01.
 *
 * @throws {BuildError} `ENTRY_INVALID`: two entries for one path, a path or link that ustar cannot hold (100 bytes, or
 *   155 + 100 split at a slash), or a file that changed its size while it was read.
 */
export async function* tarStream(entries: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  for (const entry of sortedWithParents(entries)) {
    if (entry.kind !== "file") {
      yield header(entry, 0);
      continue;
    }
    const size = "source" in entry ? (await stat(entry.source)).size : Buffer.byteLength(entry.content);
    yield header(entry, size);
    yield* contentOf(entry, size);
    yield Buffer.alloc(-size & (BLOCK_BYTES - 1));
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

async function* contentOf(entry: TarEntry & { kind: "file" }, size: number): AsyncGenerator<Uint8Array> {
  if ("content" in entry) {
    yield Buffer.from(entry.content);
    return;
  }
  let read = 0;
  for await (const chunk of createReadStream(entry.source, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    read += chunk.length;
    yield chunk;
  }
  if (read !== size) {
    throw invalid(
      entry.path,
      `"${entry.source}" had ${String(size)} bytes and then ${String(read)}: something writes it`,
    );
  }
}

function sortedWithParents(entries: readonly TarEntry[]): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw invalid(entry.path, "the archive already has an entry of that path");
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let parent = dirname(path); parent !== "." && !byPath.has(parent); parent = dirname(parent)) {
      byPath.set(parent, { kind: "folder", path: parent, mode: PARENT_MODE });
    }
  }
  return [...byPath.values()].toSorted((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)));
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const { prefix, name } = splitPath(entry.kind === "folder" ? `${entry.path}/` : entry.path);
  block.write(name, 0);
  block.write(octal(entry.kind === "link" ? 0o777 : entry.mode, 7), 100);
  block.write(octal(entry.uid ?? 0, 7), 108);
  block.write(octal(entry.gid ?? 0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(" ".repeat(8), 148); // The checksum is taken as if it were blanks.
  block.write(TYPE_FLAGS[entry.kind], 156);
  if (entry.kind === "link") block.write(linkTarget(entry.target), 157);
  block.write("ustar\u000000", 257);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

function splitPath(path: string): { prefix: string; name: string } {
  if (path.startsWith("/") || path.split("/").some((part) => part === "." || part === "..")) {
    throw invalid(path, "the path must be relative and without dots");
  }
  if (Buffer.byteLength(path) <= 100) return { prefix: "", name: path };
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== "" && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { prefix, name };
  }
  throw invalid(path, "ustar has no room for a path of that length");
}

function linkTarget(target: string): string {
  if (Buffer.byteLength(target) > 100) throw invalid(target, "ustar has no room for a link of that length");
  return target;
}

function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, "0");
  if (text.length > digits) throw invalid(String(value), `the number has more than ${String(digits)} octal digits`);
  return text;
}

function invalid(what: string, why: string): BuildError {
  return new BuildError("ENTRY_INVALID", `Cannot put "${what}" into a tar archive: ${why}`);
}
