import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { nodeV8, nodeZlib } from "@rcm/lib/late-modules";
import type { CoreValue } from "../core/web-assembly.ts";
import type { MemorySource } from "../reset/memory-image.ts";
import { nativeMemory, type FilePart } from "../reset/native-memory.ts";
import type { ComponentPlan } from "./evaluate-component.ts";
import type { Prepared, PreparedModule } from "./prepare.ts";

/** Changes whenever what is stored changes, or what it means. */
const LAYOUT = 7;
/** In the file's name: V8 reads what V8 of the same version wrote. */
export const FORMAT: string = `${LAYOUT}-${process.versions.v8.replaceAll(/[^0-9A-Za-z.]/g, "_")}`;

const MAGIC = 0x50_4d_43_52;
/** Magic, checksum of the rest of the head, length of the head, length of the plan; little-endian. */
const HEADER_BYTES = 16;
/** Images stand where a page begins, however large pages are. */
const IMAGE_ALIGN = 65_536;
/** Smaller heads are read: that costs less than to load what maps them. */
const MIN_VIEW_BYTES = 1024 * 1024;

interface Stored {
  readonly plan: ComponentPlan;
  readonly modules: readonly (Omit<PreparedModule, "bytes"> & { readonly length: number })[];
  readonly images: readonly { readonly length: number; readonly crc: number }[] | undefined;
  readonly globals: readonly CoreValue[];
}

/** A prepared component as bytes: a head of header, plan and core modules, then the images of memories. */
export function encodePrepared({ plan, modules, snapshot }: Prepared): Uint8Array {
  const stored: Stored = {
    plan,
    modules: modules.map(({ bytes, memories, globals, indirection, resetObstacle }) => ({
      memories,
      globals,
      indirection,
      resetObstacle,
      length: bytes.length,
    })),
    images: snapshot?.memories.map(({ bytes }) => ({ length: bytes.length, crc: crcOf(bytes) })),
    globals: snapshot?.globals ?? [],
  };
  const planBytes = nodeV8().serialize(stored);
  const header = Buffer.alloc(HEADER_BYTES);
  const head = Buffer.concat([header, planBytes, ...modules.map(({ bytes }) => bytes)]);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(planBytes.length, 12);
  head.writeUInt32LE(crcOf(head.subarray(8)), 4);
  if (snapshot === undefined) return head;
  const images = snapshot.memories.flatMap(({ bytes }) => [bytes, padding(bytes.length)]);
  return Buffer.concat([head, padding(head.length), ...images]);
}

function crcOf(bytes: Uint8Array): number {
  return nodeZlib().crc32(bytes);
}

function padding(length: number): Uint8Array {
  return Buffer.alloc(align(length) - length);
}

function align(length: number): number {
  return Math.ceil(length / IMAGE_ALIGN) * IMAGE_ALIGN;
}

/** Whether what is read is compared with its checksums, which takes 6 ms for a JavaScript engine. */
export type Trust = "compare" | "trust";

/**
 * Reads a prepared component. Its file stays open if it has images.
 *
 * @param trust only files that others write, who flush them before they get their name.
 * @returns `undefined` if it is not as it was written.
 */
export function readPrepared(path: string, trust: Trust): Prepared | undefined {
  const fd = openSync(path, "r");
  let keepOpen = false;
  try {
    const prepared = decode({ fd, size: fstatSync(fd).size, trust });
    keepOpen = prepared?.snapshot !== undefined;
    return prepared;
  } finally {
    if (!keepOpen) closeSync(fd);
  }
}

interface StoredFile {
  readonly fd: number;
  readonly size: number;
  readonly trust: Trust;
}

function decode(file: StoredFile): Prepared | undefined {
  const { fd, size } = file;
  const header = read(fd, 0, Math.min(size, HEADER_BYTES));
  const isOurs = header.length === HEADER_BYTES && header.readUInt32LE(0) === MAGIC;
  const headLength = isOurs ? header.readUInt32LE(8) : 0;
  if (headLength < HEADER_BYTES || headLength > size) return undefined;
  const head = headLength < MIN_VIEW_BYTES ? read(fd, 0, headLength) : view({ fd, offset: 0 }, headLength);
  if (head.length !== headLength || !isSame(head.subarray(8), head.readUInt32LE(4), file.trust)) return undefined;
  let at = HEADER_BYTES + head.readUInt32LE(12);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- By the checksum, these are the bytes that we wrote.
  const stored = nodeV8().deserialize(head.subarray(HEADER_BYTES, at)) as Stored;
  const modules = stored.modules.map(({ length, memories, globals, indirection, resetObstacle }): PreparedModule => {
    const bytes = head.subarray(at, at + length);
    at += length;
    return { bytes, memories, globals, indirection, resetObstacle };
  });
  if (stored.images === undefined) return { plan: stored.plan, modules };
  const memories = readImages(file, align(headLength), stored.images);
  return memories && { plan: stored.plan, modules, snapshot: { memories, globals: stored.globals } };
}

function isSame(bytes: Uint8Array, crc: number, trust: Trust): boolean {
  return trust === "trust" || crcOf(bytes) === crc;
}

/** Part of a file, mapped where that is possible: then it takes no memory of this process's own. */
function view(part: FilePart, length: number): Buffer {
  return nativeMemory()?.view(part, length) ?? read(part.fd, part.offset, length);
}

function readImages(
  { fd, size, trust }: StoredFile,
  at: number,
  images: readonly { readonly length: number; readonly crc: number }[],
): MemorySource[] | undefined {
  const isNative = nativeMemory() !== undefined;
  const memories: MemorySource[] = [];
  let offset = at;
  for (const { length, crc } of images) {
    if (offset + length > size) return undefined;
    const file = { fd, offset };
    const bytes = view(file, length);
    if (!isSame(bytes, crc, trust)) return undefined;
    memories.push({ bytes, file: isNative ? file : undefined });
    offset += align(length);
  }
  return memories;
}

function read(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
