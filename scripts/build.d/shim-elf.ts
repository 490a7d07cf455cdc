/** Joins Node, the launcher, the program and the libraries to one executable file. */
import { Buffer } from "node:buffer";
import { BuildError } from "../build-error.ts";
import type { Segment } from "./elf-segments.ts";
import {
  ACCESS,
  encodeSegments,
  readEntry,
  readSegments,
  SEGMENT,
  SEGMENT_BYTES,
  writeEntry,
  writeSegments,
} from "./elf-segments.ts";
import { LAUNCHER_CONFIG_BYTES, launcherConfig } from "./launcher-config.ts";

export interface Library {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface ShimParts {
  /** Stripped, not position-independent. */
  readonly node: Buffer;
  /** Machine code of shim/launcher; its first byte is its entry. */
  readonly launcher: Buffer;
  /** As `node --experimental-sea-config` writes it. */
  readonly program: Buffer;
  /** The loader is the first. */
  readonly libraries: readonly [Library, ...Library[]];
  /** Where the libraries are unpacked, relative to the folder of the executable. */
  readonly folder: string;
}

/** The largest page that arm64 has. */
const PAGE_BYTES = 0x1_0000;
/** Entries of the dynamic section: https://gabi.xinuos.com/elf/08-dynamic.html */
const TAG = { end: 0, stringTable: 5, searchPath: 15 };
/** What Node looks for in its own file: https://github.com/nodejs/postject/blob/v1.0.0-alpha.6/postject-api.h */
const PROGRAM_NOTE = "NODE_SEA_BLOB";
const SWITCH = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";

/**
 * Node with two more segments: the launcher, which is the entry, and the program. The kernel is told of no interpreter.
 * The loader insists on one, so it gets another table of segments. The libraries follow; they are not mapped from here.
 *
 * @throws {BuildError} `SOURCE_MISSING` if `node` is not laid out as expected
 */
export function joinShim({ node, launcher, program, libraries, folder }: ShimParts): Buffer {
  const segments = readSegments(node);
  const [loader] = libraries;
  const interpreter = Buffer.from(`${loader.name}\0`);
  const searchPath = Buffer.from(`$ORIGIN/${folder}\0`);
  const note = programNote(program);
  const fixed = launcher.length + LAUNCHER_CONFIG_BYTES;
  const tableBytes = (segments.length + 3) * SEGMENT_BYTES; // Launcher, program, the note of the program.
  const bytes = fixed + tableBytes + interpreter.length + searchPath.length;
  const end = Math.max(...segments.map(({ address, memoryBytes }) => address + memoryBytes));
  const code = newSegment(bytes, ACCESS.read | ACCESS.execute, { offset: node.length, address: end });
  const blob = newSegment(note.length, ACCESS.read, endOf(code));
  const tableAt = part(code, fixed, tableBytes);
  const interpreterAt = part(code, fixed + tableBytes, interpreter.length);
  const table = loaderTable(segments, { code, blob, tableAt, interpreterAt });
  const config = launcherConfig({
    entry: readEntry(node),
    table: { address: tableAt.address, segments: table.length },
    folder,
    files: placed(libraries, blob.offset + blob.fileBytes),
  });
  const head = Buffer.from(node);
  writeEntry(head, code.address);
  writeSegments(head, kernelTable(segments, code, blob));
  addSearchPath(head, segments, code.address + bytes - searchPath.length);
  throwSwitch(head);
  return Buffer.concat([
    head,
    Buffer.alloc(code.offset - head.length),
    launcher,
    config,
    encodeSegments(table),
    interpreter,
    searchPath,
    Buffer.alloc(blob.offset - code.offset - code.fileBytes),
    note,
    ...libraries.map(({ content }) => content),
  ]);
}

interface Place {
  readonly offset: number;
  readonly address: number;
}

function newSegment(bytes: number, access: number, after: Place): Segment {
  const [offset, address] = [nextPage(after.offset), nextPage(after.address)];
  return { type: SEGMENT.load, access, offset, address, fileBytes: bytes, memoryBytes: bytes, align: PAGE_BYTES };
}

function nextPage(at: number): number {
  return Math.ceil(at / PAGE_BYTES) * PAGE_BYTES;
}

function endOf({ offset, address, fileBytes }: Segment): Place {
  return { offset: offset + fileBytes, address: address + fileBytes };
}

function part({ access, offset, address }: Segment, at: number, bytes: number): Segment {
  const size = { fileBytes: bytes, memoryBytes: bytes };
  return { type: SEGMENT.load, access, offset: offset + at, address: address + at, ...size, align: 8 };
}

function placed(libraries: readonly Library[], first: number): { name: string; offset: number; size: number }[] {
  let offset = first;
  return libraries.map(({ name, content }) => {
    const file = { name, offset, size: content.length };
    offset += content.length;
    return file;
  });
}

/** A note (https://gabi.xinuos.com/elf/07-pheader.html#note-section): sizes of name and content, type 0, both padded to 4. */
function programNote(program: Buffer): Buffer {
  const name = Buffer.alloc(16); // 13 letters, a zero, padding.
  name.write(PROGRAM_NOTE);
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(PROGRAM_NOTE.length + 1, 0);
  sizes.writeUInt32LE(program.length, 4);
  return Buffer.concat([sizes, name, program, Buffer.alloc(-program.length & 3)]);
}

/** As long as the old one, which lies in front of other things: the interpreter and Node's notes make room for two. */
function kernelTable(old: readonly Segment[], code: Segment, blob: Segment): Segment[] {
  const table = withLoads(old, code, blob).filter(({ type }) => type !== SEGMENT.note);
  if (table.length !== old.length) throw unexpected("it does not have one interpreter and one segment of notes");
  return table;
}

interface LoaderView {
  readonly code: Segment;
  readonly blob: Segment;
  readonly tableAt: Segment;
  readonly interpreterAt: Segment;
}

function loaderTable(old: readonly Segment[], { code, blob, tableAt, interpreterAt }: LoaderView): Segment[] {
  return [
    { ...tableAt, type: SEGMENT.headers },
    { ...interpreterAt, type: SEGMENT.interpreter },
    ...withLoads(old, code, blob).filter(({ type }) => type !== SEGMENT.headers),
    { ...blob, type: SEGMENT.note, align: 4 },
  ];
}

/** Loaded segments stay in the order of their addresses. */
function withLoads(old: readonly Segment[], code: Segment, blob: Segment): Segment[] {
  const kept = old.filter(({ type }) => type !== SEGMENT.interpreter);
  const last = kept.findLastIndex(({ type }) => type === SEGMENT.load);
  return kept.toSpliced(last + 1, 0, code, blob);
}

/** DT_RPATH goes before LD_LIBRARY_PATH, and for the libraries of libraries too. Its text lies in a new segment. */
function addSearchPath(head: Buffer, segments: readonly Segment[], address: number): void {
  const dynamic = segments.find(({ type }) => type === SEGMENT.dynamic);
  if (dynamic === undefined) throw unexpected("it has no dynamic section");
  const entries = Array.from({ length: dynamic.fileBytes / 16 }, (_, index) => dynamic.offset + index * 16);
  const tags = entries.map((at) => Number(head.readBigInt64LE(at)));
  const strings = entries[tags.indexOf(TAG.stringTable)];
  const [free, next] = entries.slice(tags.indexOf(TAG.end));
  if (strings === undefined || free === undefined || next === undefined || !tags.includes(TAG.end)) {
    throw unexpected("its dynamic section has no free entry");
  }
  head.writeBigInt64LE(BigInt(TAG.searchPath), free);
  head.writeBigUInt64LE(BigInt(address) - head.readBigUInt64LE(strings + 8), free + 8);
}

/** Node looks for a program in its own file if the digit behind this text is 1. */
function throwSwitch(head: Buffer): void {
  const at = head.indexOf(`${SWITCH}0`);
  if (at === -1 || head.includes(`${SWITCH}0`, at + 1)) throw unexpected("it has not just one switch for a program");
  head.write("1", at + SWITCH.length);
}

function unexpected(what: string): BuildError {
  return new BuildError("SOURCE_MISSING", `Cannot join the shim with Node: ${what}`);
}
