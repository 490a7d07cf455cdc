import { ByteReader } from "../binary/byte-reader.ts";
import { readLimits } from "../binary/core-extern.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readSections } from "./core-sections.ts";

const MEMORY_SECTION = 5;
/** The start function, the data, and how much data there is. */
const OF_THE_START: ReadonlySet<number> = new Set([8, 11, 12]);
const PREAMBLE_BYTES = 8;

/**
 * The module without what happens when it starts: no data is copied, no function is run. Its memories begin with so many
 * pages as given, in their order.
 */
export function stripStart(bytes: Uint8Array, pages: readonly number[]): Uint8Array {
  const out = new ByteWriter(bytes.length).bytes(bytes.subarray(0, PREAMBLE_BYTES));
  for (const { id, head, start, end } of readSections(new ByteReader(bytes))) {
    if (OF_THE_START.has(id)) continue;
    if (id === MEMORY_SECTION) out.section(id, memories(new ByteReader(bytes, start, end), pages));
    else out.bytes(bytes.subarray(head, end));
  }
  return out.finish();
}

function memories(reader: ByteReader, pages: readonly number[]): ByteWriter {
  const limits = reader.vec("memories", reader.end, () => readLimits(reader));
  const body = new ByteWriter().u32(limits.length);
  for (const [index, { min, max }] of limits.entries()) {
    body.u8(max === undefined ? 0 : 1).u32(pages[index] ?? min);
    if (max !== undefined) body.u32(max);
  }
  return body;
}
