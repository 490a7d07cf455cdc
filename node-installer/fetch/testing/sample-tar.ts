import { Buffer } from "node:buffer";

/** An entry, honest or not: nothing is checked. */
export interface SampleEntry {
  readonly path: string;
  readonly content?: string | Uint8Array;
  /** Type flag: `0` a file, unless told. */
  readonly type?: string;
  readonly link?: string;
  /** As the header says; the content's unless told. */
  readonly size?: number;
  readonly prefix?: string;
  /** Changes the header before the checksum is made. */
  readonly spoil?: (header: Buffer) => void;
}

const BLOCK_BYTES = 512;

/** A whole archive with its end mark. */
export function sampleTar(...entries: readonly SampleEntry[]): Buffer {
  return Buffer.concat([...entries.map((entry) => sampleEntry(entry)), endMark()]);
}

/** Header, content and padding. */
export function sampleEntry(entry: SampleEntry): Buffer {
  const content = Buffer.from(entry.content ?? "");
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(entry.path, 0, 100);
  header.write("0000755\u00000000000\u00000000000\0", 100);
  header.write(`${(entry.size ?? content.length).toString(8).padStart(11, "0")}\u000000000000000\0`, 124);
  header.write(entry.type ?? "0", 156);
  header.write(entry.link ?? "", 157, 100);
  header.write("ustar\u000000", 257);
  header.write(entry.prefix ?? "", 345, 155);
  entry.spoil?.(header);
  header.write(" ".repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(-content.length & (BLOCK_BYTES - 1))]);
}

/** Two blocks of zeros. */
export function endMark(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES);
}

/** An extended header of pax: `x` for the next entry, `g` for all that follow. */
export function samplePax(records: Readonly<Record<string, string>>, type: "x" | "g" = "x"): SampleEntry {
  return { path: "PaxHeader", type, content: Object.entries(records).map(paxRecord).join("") };
}

/** `length keyword=value`, where the length counts itself: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03 */
function paxRecord([keyword, value]: readonly [string, string]): string {
  const rest = Buffer.byteLength(` ${keyword}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${String(length)} ${keyword}=${value}\n`;
}
