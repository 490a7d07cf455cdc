/** Takes out of an executable what is not loaded: symbols, debug information, the section table. */
import { Buffer } from "node:buffer";
import { BuildError } from "../build-error.ts";

/** Offsets in the 64-bit ELF header and program header: https://gabi.xinuos.com/elf/02-eheader.html, 07-pheader.html */
const HEADER = { programOffset: 32, sectionOffset: 40, programSize: 54, programCount: 56, sectionCount: 60, names: 62 };
const HEADER_BYTES = 64;
const PROGRAM = { offset: 8, fileSize: 32 };
const ELF64_LITTLE_ENDIAN = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);

/**
 * A copy that ends where the last segment ends and has no section table. The kernel and the loader read segments only,
 * so it runs as before, for any architecture and without binutils. Of Node it is a fifth.
 *
 * @throws {BuildError} `SOURCE_MISSING` if it is not a whole 64-bit little-endian ELF file.
 */
export function stripElf(executable: Buffer): Buffer {
  if (executable.length < HEADER_BYTES || !executable.subarray(0, 6).equals(ELF64_LITTLE_ENDIAN)) throw notElf();
  const stripped = Buffer.from(executable.subarray(0, endOfSegments(executable)));
  stripped.writeBigUInt64LE(0n, HEADER.sectionOffset);
  stripped.writeUInt16LE(0, HEADER.sectionCount);
  stripped.writeUInt16LE(0, HEADER.names);
  return stripped;
}

function endOfSegments(elf: Buffer): number {
  const table = Number(elf.readBigUInt64LE(HEADER.programOffset));
  const size = elf.readUInt16LE(HEADER.programSize);
  const count = elf.readUInt16LE(HEADER.programCount);
  let end = table + size * count;
  if (end > elf.length) throw notElf();
  for (let at = table; at < table + size * count; at += size) {
    const segmentEnd = elf.readBigUInt64LE(at + PROGRAM.offset) + elf.readBigUInt64LE(at + PROGRAM.fileSize);
    end = Math.max(end, Number(segmentEnd));
  }
  if (end > elf.length) throw notElf();
  return end;
}

function notElf(): BuildError {
  return new BuildError("SOURCE_MISSING", "Cannot strip the executable: it is not a whole 64-bit ELF file");
}
