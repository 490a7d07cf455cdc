import { Buffer } from "node:buffer";
import { isElf } from "./elf.ts";

/** How the bytes are compressed, by their first bytes. */
export type Compression = "none" | "gzip" | "zstd";

/** What the bytes are once they are not compressed any more. */
export type Content = "tar" | "elf" | "unknown";

/** A tar header block: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 */
export const TAR_BLOCK_BYTES = 512;
const CHECKSUM = { start: 148, end: 156 } as const;

/** Magic numbers: RFC 1952 section 2.3.1, RFC 8878 section 3.1.1. */
const GZIP = [0x1f, 0x8b] as const;
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd] as const;

/** What people serve by mistake, and how each begins. */
const FAMILIAR: readonly (readonly [RegExp | string, string])[] = [
  [/^(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype html|html|head|body|!--)/iu, "an HTML page"],
  [/^(?:\u00ef\u00bb\u00bf)?\s*<\?xml/iu, "an XML document"],
  [/^\s*[{[]\s*["{[\]}]/u, "a JSON document"],
  ["#!", "a script"],
  ["PK\u0003\u0004", "a zip archive"],
  ["\u00fd7zXZ", "an xz archive"],
  ["BZh", "a bzip2 archive"],
  ["\u001f\u008b", "gzip within compression"],
  ["\u0028\u00b5\u002f\u00fd", "zstd within compression"],
];

/** Tells the compression from the first four bytes or more. */
export function compressionOf(head: Uint8Array): Compression {
  if (GZIP.every((byte, index) => head[index] === byte)) return "gzip";
  return ZSTD.every((byte, index) => head[index] === byte) ? "zstd" : "none";
}

/** Tells the content from the first `TAR_BLOCK_BYTES`, or from all there is. */
export function contentOf(head: Uint8Array): Content {
  if (isElf(head)) return "elf";
  // A parser that saw these would decompress once more, behind the limits.
  if (head.length < TAR_BLOCK_BYTES || compressionOf(head) !== "none") return "unknown";
  return isTarHeader(head) ? "tar" : "unknown";
}

/** In words, what unknown content looks like: `an HTML page`; `undefined` if it is like nothing familiar. */
export function familiarName(head: Uint8Array): string | undefined {
  const text = Buffer.from(head).toString("latin1");
  const found = FAMILIAR.find(([start]) => (typeof start === "string" ? text.startsWith(start) : start.test(text)));
  return found?.[1];
}

/** With the magic of POSIX or GNU, or with a right checksum (7th Edition), or the zeros of an archive with nothing in it. */
function isTarHeader(head: Uint8Array): boolean {
  const block = head.subarray(0, TAR_BLOCK_BYTES);
  if (Buffer.from(block.subarray(257, 262)).toString("latin1") === "ustar") return true;
  if (block.every((byte) => byte === 0)) return true;
  const field = Buffer.from(block.subarray(CHECKSUM.start, CHECKSUM.end)).toString("latin1");
  const sum = block.reduce((total, byte, at) => total + (at >= CHECKSUM.start && at < CHECKSUM.end ? 0x20 : byte), 0);
  return Number.parseInt(field.trim(), 8) === sum;
}
