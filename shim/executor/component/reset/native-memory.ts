import { DynamicLibrary, getRawPointer, toBuffer } from "node:ffi";
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

const MFD_CLOEXEC = 1;
const PROT_READ = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_PRIVATE_FIXED = 0x12;
const SC_PAGESIZE = 30;
const MAP_FAILED = 2n ** 64n - 1n;

/** Bytes of one entry of /proc/self/pagemap. */
export const PAGEMAP_ENTRY_BYTES = 8;

/** The calls of the C library with which pages are put under a guest's memory. */
export interface NativeMemory {
  readonly pageBytes: number;
  /** A file in memory with that content, and a view of it that is for reading only. */
  file(content: Uint8Array): { readonly fd: number; readonly view: Buffer };
  /** Puts the file's pages under the memory, copied only when they are written to. */
  cover(memory: ArrayBuffer, file: FilePart): void;
  /** A part of a file, for reading only. */
  view(file: FilePart, length: number): Buffer;
  /** The state of each page of the memory, into `entries`. */
  readPageMap(memory: ArrayBuffer, entries: Uint8Array): void;
}

/** Where in a file; the offset is a multiple of the size of a page. */
export interface FilePart {
  readonly fd: number;
  readonly offset: number;
}

/** A memory is mostly empty. */
const NOTHING: Uint8Array = new Uint8Array(65_536);

let opened: NativeMemory | undefined;
let refused = false;

/** The calls, or `undefined` where they are not to be had: without ffi, or without /proc. */
export function nativeMemory(): NativeMemory | undefined {
  if (opened !== undefined || refused) return opened;
  try {
    opened = open();
  } catch {
    refused = true; // Then memories are put back by copying them whole.
  }
  return opened;
}

function open(): NativeMemory {
  const library = new DynamicLibrary("libc.so.6");
  const mmap = library.getFunction("mmap", {
    arguments: ["u64", "u64", "i32", "i32", "i32", "i64"],
    return: "u64",
  });
  const memfdCreate = library.getFunction("memfd_create", { arguments: ["string", "u32"], return: "i32" });
  const sysconf = library.getFunction("sysconf", { arguments: ["i32"], return: "i64" });
  const pageMap = openSync("/proc/self/pagemap", "r");
  const pageBytes = Number(sysconf(SC_PAGESIZE));

  function file(content: Uint8Array): { fd: number; view: Buffer } {
    const fd = memfdCreate("guest-image", MFD_CLOEXEC);
    if (fd < 0) throw new Error("Cannot make a file in memory");
    try {
      writeSparsely(fd, content);
      return { fd, view: view({ fd, offset: 0 }, content.length) };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  function view({ fd, offset }: FilePart, length: number): Buffer {
    const address = mmap(0n, BigInt(length), PROT_READ, MAP_SHARED, fd, BigInt(offset));
    if (address === MAP_FAILED) throw new Error("Cannot map a file");
    return toBuffer(address, length, false);
  }

  function cover(memory: ArrayBuffer, { fd, offset }: FilePart): void {
    const address = getRawPointer(memory);
    const size = BigInt(memory.byteLength);
    const mapped = mmap(address, size, PROT_READ_WRITE, MAP_PRIVATE_FIXED, fd, BigInt(offset));
    if (mapped !== address) throw new Error("Cannot map a file under a guest's memory");
  }

  function readPageMap(memory: ArrayBuffer, entries: Uint8Array): void {
    const position = Number(getRawPointer(memory) / BigInt(pageBytes)) * PAGEMAP_ENTRY_BYTES;
    const read = readSync(pageMap, entries, 0, entries.length, position);
    if (read !== entries.length) throw new Error("Cannot read the state of a guest's pages");
  }

  return { pageBytes, file, view, cover, readPageMap };
}

/** Leaves out the blocks that are all zero: what is not written takes no room. */
function writeSparsely(fd: number, content: Uint8Array): void {
  ftruncateSync(fd, content.length);
  for (let start = 0; start < content.length; start += NOTHING.length) {
    const block = content.subarray(start, start + NOTHING.length);
    if (Buffer.compare(block, NOTHING.subarray(0, block.length)) === 0) continue;
    for (let at = 0; at < block.length;) at += writeSync(fd, block, at, block.length - at, start + at);
  }
}
