/** Turns off a debugging aid that Node is built with. */
import { Buffer } from "node:buffer";
import { BuildError } from "../build-error.ts";
import { offsetOf, readSegments } from "./elf-segments.ts";

/** Of the ELF header, the section header and the symbol: https://gabi.xinuos.com/elf/02-eheader.html, 03-sheader.html, 05-symtab.html */
const HEADER = { sections: 40, sectionCount: 60 };
const SECTION = { bytes: 64, type: 4, offset: 24, size: 32, link: 40, symbolTable: 2 };
const SYMBOL = { bytes: 24, value: 8 };

/**
 * `OnDeadlockCycle`: kIgnore is 0, kAbort 2.
 *
 * @see {@link https://github.com/abseil/abseil-cpp/blob/20250127.0/absl/synchronization/mutex.cc}
 */
const VARIABLE = /^_ZN4absl12_GLOBAL__N_1(24|L24)synch_deadlock_detectionE(\.0)?$/;
const [IGNORE, ABORT] = [0, 2];

/**
 * A copy of Node in which absl's locks do not record in which order they are taken. It takes 1 MB in each process.
 *
 * @param node with its table of symbols
 * @throws {BuildError} `SOURCE_MISSING` if it does not have the variable, or with another value
 */
export function withoutDeadlockDetection(node: Buffer): Buffer {
  const address = findSymbol(node, VARIABLE);
  const offset = address === undefined ? undefined : offsetOf(readSegments(node), address);
  if (offset === undefined || node.readInt32LE(offset) !== ABORT) {
    throw new BuildError("SOURCE_MISSING", "Cannot turn off Node's deadlock detection: there is no such variable");
  }
  const changed = Buffer.from(node);
  changed.writeInt32LE(IGNORE, offset);
  return changed;
}

function findSymbol(elf: Buffer, name: RegExp): number | undefined {
  const table = sections(elf).find(({ type }) => type === SECTION.symbolTable);
  const strings = table === undefined ? undefined : sections(elf)[table.link];
  if (table === undefined || strings === undefined) return undefined;
  for (let at = table.offset; at < table.offset + table.size; at += SYMBOL.bytes) {
    const start = strings.offset + elf.readUInt32LE(at);
    // Most of the 400,000 have other first letters, and looking at them is slow.
    if (!elf.subarray(start, start + 8).equals(PREFIX)) continue;
    if (name.test(elf.toString("latin1", start, elf.indexOf(0, start)))) {
      return Number(elf.readBigUInt64LE(at + SYMBOL.value));
    }
  }
  return undefined;
}

const PREFIX = Buffer.from("_ZN4absl");

function sections(elf: Buffer): { type: number; offset: number; size: number; link: number }[] {
  const table = Number(elf.readBigUInt64LE(HEADER.sections));
  return Array.from({ length: elf.readUInt16LE(HEADER.sectionCount) }, (_, index) => {
    const at = table + index * SECTION.bytes;
    return {
      type: elf.readUInt32LE(at + SECTION.type),
      offset: Number(elf.readBigUInt64LE(at + SECTION.offset)),
      size: Number(elf.readBigUInt64LE(at + SECTION.size)),
      link: elf.readUInt32LE(at + SECTION.link),
    };
  });
}
