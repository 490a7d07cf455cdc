import { CodedError } from "@rcm/lib/errors";

/** Why a file is not an executable for a node. */
export class ElfError extends CodedError<"NotExecutable" | "WrongArchitecture"> {
  override readonly name = "ElfError";
}

interface Layout {
  /** 64 bit. */
  readonly wide: boolean;
  readonly littleEndian: boolean;
}

export interface ElfHeader extends Layout {
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly segments: Table;
  readonly sections: Table;
}

interface Table {
  readonly offset: number;
  readonly entryBytes: number;
  readonly entries: number;
}

export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly bytes: number;
}

interface Machine extends Layout {
  readonly machine: number;
}

/** Bytes of a 64-bit ELF header; a 32-bit one has 52. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
export const ELF_HEADER_BYTES = 64;
const NARROW_HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = { wide: 56, narrow: 32 } as const;
/** Where `e_phoff`, `e_shoff` and `e_phentsize` are. */
const WIDE_OFFSETS = { segments: 32, sections: 40, sizes: 54 } as const;
const NARROW_OFFSETS = { segments: 28, sections: 32, sizes: 42 } as const;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;
const TYPES = ["a file of no type", "an object file", "an executable", "a shared object", "a core dump"] as const;
const [EXECUTABLE, SHARED] = [2, 3] as const;
const LOAD = 1;
/** `p_type` of the segment that names the dynamic loader: https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html */
export const INTERPRETER = 3;

/** By the name that Kubernetes and Go give them; `e_machine` from https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES: Readonly<Partial<Record<string, Machine>>> = {
  "386": { machine: 3, wide: false, littleEndian: true },
  amd64: { machine: 62, wide: true, littleEndian: true },
  arm: { machine: 40, wide: false, littleEndian: true },
  arm64: { machine: 183, wide: true, littleEndian: true },
  ppc64le: { machine: 21, wide: true, littleEndian: true },
  riscv64: { machine: 243, wide: true, littleEndian: true },
  s390x: { machine: 22, wide: true, littleEndian: false },
};

/** Whether the bytes begin as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/** The architectures of nodes that executables can be checked against, as in `node.status.nodeInfo.architecture`. */
export function knownArchitectures(): readonly string[] {
  return Object.keys(MACHINES);
}

/**
 * Reads the header of an executable.
 *
 * @param bytes the first `ELF_HEADER_BYTES` of the file, or all of it if it is shorter.
 * @param fileBytes size of the whole file.
 * @throws {ElfError} `NotExecutable`: no ELF file, not one that can be run, or cut off.
 */
export function parseElfHeader(bytes: Uint8Array, fileBytes: number): ElfHeader {
  if (!isElf(bytes)) throw new ElfError("NotExecutable", "it is not an ELF file");
  const layout = parseLayout(bytes);
  if (bytes.length < (layout.wide ? ELF_HEADER_BYTES : NARROW_HEADER_BYTES)) throw damaged("it ends within its header");
  const header = decodeHeader(viewOf(bytes), layout);
  if (header.type !== EXECUTABLE && header.type !== SHARED) {
    const type = TYPES[header.type] ?? `of type ${String(header.type)}`;
    throw new ElfError("NotExecutable", `it is ${type}, not a program`);
  }
  if (header.entry === 0) throw new ElfError("NotExecutable", "it has no entry point, as a library has none");
  checkTable(header.segments, fileBytes, header.wide);
  if (endOf(header.sections) > fileBytes) throw damaged("its section headers lie beyond its end");
  return header;
}

/**
 * Compares the program's machine with the node's.
 *
 * @throws {ElfError} `WrongArchitecture` if it is another, or `architecture` is none of `knownArchitectures`.
 */
export function checkArchitecture(header: ElfHeader, architecture: string): void {
  const wanted = MACHINES[architecture];
  if (wanted === undefined) throw new ElfError("WrongArchitecture", `architecture "${architecture}" is not known`);
  if (matches(header, wanted)) return;
  const found = Object.entries(MACHINES).find(([, machine]) => machine !== undefined && matches(header, machine));
  const name = found?.[0] ?? `machine ${String(header.machine)}, ${header.wide ? "64" : "32"} bit`;
  throw new ElfError("WrongArchitecture", `it is a program for ${name}, and the node is ${architecture}`);
}

/**
 * Reads the program headers.
 *
 * @param bytes the part of the file that `header.segments` names.
 * @throws {ElfError} `NotExecutable`: a segment lies beyond the end of the file, or nothing is there to load.
 */
export function parseSegments(bytes: Uint8Array, header: ElfHeader, fileBytes: number): readonly Segment[] {
  const { entries, entryBytes } = header.segments;
  if (bytes.length < entries * entryBytes) throw damaged("it ends within its program headers");
  const view = viewOf(bytes);
  const segments = Array.from({ length: entries }, (_, index) => decodeSegment(view, index * entryBytes, header));
  if (segments.some(({ offset, bytes: size }) => offset + size > fileBytes)) {
    throw damaged("a part that must be loaded lies beyond its end");
  }
  if (!segments.some(({ type }) => type === LOAD)) throw damaged("it has nothing to load");
  return segments;
}

/** `EI_CLASS` and `EI_DATA`. */
function parseLayout(bytes: Uint8Array): Layout {
  const [wide, littleEndian] = [bytes[4] === 2, bytes[5] === 1];
  const known = (wide || bytes[4] === 1) && (littleEndian || bytes[5] === 2);
  if (!known) throw damaged("its class or byte order is unknown");
  return { wide, littleEndian };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function checkTable(table: Table, fileBytes: number, wide: boolean): void {
  const { entries, entryBytes } = table;
  if (entries === 0) throw damaged("it has no program headers");
  const expected = PROGRAM_HEADER_BYTES[wide ? "wide" : "narrow"];
  if (entryBytes !== expected) throw damaged("its program headers have a strange size");
  if (endOf(table) > fileBytes) throw damaged("its program headers lie beyond its end");
}

function endOf({ offset, entries, entryBytes }: Table): number {
  return entries === 0 ? 0 : offset + entries * entryBytes;
}

function damaged(detail: string): ElfError {
  return new ElfError("NotExecutable", `it is damaged or cut off: ${detail}`);
}

function matches(header: ElfHeader, machine: Machine): boolean {
  return (
    header.machine === machine.machine && header.wide === machine.wide && header.littleEndian === machine.littleEndian
  );
}

function decodeHeader(view: DataView, layout: Layout): ElfHeader {
  const at = layout.wide ? WIDE_OFFSETS : NARROW_OFFSETS;
  return {
    ...layout,
    type: view.getUint16(16, layout.littleEndian),
    machine: view.getUint16(18, layout.littleEndian),
    entry: address(view, 24, layout),
    segments: decodeTable(view, at.segments, at.sizes, layout),
    sections: decodeTable(view, at.sections, at.sizes + 4, layout),
  };
}

function decodeTable(view: DataView, at: number, sizesAt: number, layout: Layout): Table {
  return {
    offset: address(view, at, layout),
    entryBytes: view.getUint16(sizesAt, layout.littleEndian),
    entries: view.getUint16(sizesAt + 2, layout.littleEndian),
  };
}

function decodeSegment(view: DataView, start: number, layout: Layout): Segment {
  return {
    type: view.getUint32(start, layout.littleEndian),
    offset: address(view, start + (layout.wide ? 8 : 4), layout),
    bytes: address(view, start + (layout.wide ? 32 : 16), layout),
  };
}

/** Above 2^53 the number is not exact, which does not matter: it is beyond the end of any file. */
function address(view: DataView, offset: number, layout: Layout): number {
  if (!layout.wide) return view.getUint32(offset, layout.littleEndian);
  return Number(view.getBigUint64(offset, layout.littleEndian));
}
