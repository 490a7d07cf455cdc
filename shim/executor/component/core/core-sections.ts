import type { ByteReader } from "../binary/byte-reader.ts";
import { LIMITS } from "../limits.ts";

/** A section of a core module: `head` is its id byte, `start` to `end` its body. */
export interface CoreSection {
  readonly id: number;
  readonly head: number;
  readonly start: number;
  readonly end: number;
}

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The sections of a core module. */
export function readSections(reader: ByteReader): CoreSection[] {
  for (const byte of PREAMBLE) {
    if (reader.u8() !== byte) throw reader.error("it does not begin as a core module", "MALFORMED", reader.at - 1);
  }
  const sections: CoreSection[] = [];
  while (!reader.done) {
    const head = reader.at;
    if (sections.length >= LIMITS.coreSections) {
      throw reader.error(`a core module of more than ${LIMITS.coreSections} sections`, "LIMIT");
    }
    const id = reader.u8();
    const body = reader.section(reader.u32());
    sections.push({ id, head, start: body.at, end: body.end });
  }
  return sections;
}
