import { closeSync, openSync, readSync, statSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import type { CoreValue } from "../core/web-assembly.ts";
import type { MemorySource } from "../reset/memory-image.ts";
import { nativeMemory } from "../reset/native-memory.ts";
import type { ComponentPlan } from "./evaluate-component.ts";
import type { Prepared, PreparedModule } from "./prepare.ts";

/** Changes whenever what is stored changes, or what it means. */
const LAYOUT = 3;
/** In the file's name: V8 reads what V8 of the same version wrote. */
export const FORMAT: string = `${LAYOUT}-${process.versions.v8.replaceAll(/[^0-9A-Za-z.]/g, "_")}`;

const MAGIC = 0x50_4d_43_52;
/** Magic, checksum of the rest of the head, length of the head, length of the plan; little-endian. */
const HEADER_BYTES = 16;
/** Images stand where a page begins, however large pages are. */
const IMAGE_ALIGN = 65_536;

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
    images: snapshot?.memories.map(({ bytes }) => ({ length: bytes.length, crc: crc32(bytes) })),
    globals: snapshot?.globals ?? [],
  };
  const planBytes = serialize(stored);
  const header = Buffer.alloc(HEADER_BYTES);
  const head = Buffer.concat([header, planBytes, ...modules.map(({ bytes }) => bytes)]);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(planBytes.length, 12);
  head.writeUInt32LE(crc32(head.subarray(8)), 4);
  if (snapshot === undefined) return head;
  const images = snapshot.memories.flatMap(({ bytes }) => [bytes, padding(bytes.length)]);
  return Buffer.concat([head, padding(head.length), ...images]);
}

function padding(length: number): Uint8Array {
  return Buffer.alloc(align(length) - length);
}

function align(length: number): number {
  return Math.ceil(length / IMAGE_ALIGN) * IMAGE_ALIGN;
}

/** Reads a prepared component. Its file stays open if it has images. @returns `undefined` if it is not as it was written. */
export function readPrepared(path: string): Prepared | undefined {
  const fd = openSync(path, "r");
  let keepOpen = false;
  try {
    const prepared = decode(fd, statSync(path).size);
    keepOpen = prepared?.snapshot !== undefined;
    return prepared;
  } finally {
    if (!keepOpen) closeSync(fd);
  }
}

function decode(fd: number, size: number): Prepared | undefined {
  const header = read(fd, 0, Math.min(size, HEADER_BYTES));
  const isOurs = header.length === HEADER_BYTES && header.readUInt32LE(0) === MAGIC;
  const headLength = isOurs ? header.readUInt32LE(8) : 0;
  if (headLength < HEADER_BYTES || headLength > size) return undefined;
  const head = read(fd, 0, headLength);
  if (head.length !== headLength || head.readUInt32LE(4) !== crc32(head.subarray(8))) return undefined;
  let at = HEADER_BYTES + head.readUInt32LE(12);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- By the checksum, these are the bytes that we wrote.
  const stored = deserialize(head.subarray(HEADER_BYTES, at)) as Stored;
  const modules = stored.modules.map(({ length, memories, globals, indirection, resetObstacle }): PreparedModule => {
    const bytes = head.subarray(at, at + length);
    at += length;
    return { bytes, memories, globals, indirection, resetObstacle };
  });
  if (stored.images === undefined) return { plan: stored.plan, modules };
  const memories = readImages({ fd, at: align(headLength), size }, stored.images);
  return memories && { plan: stored.plan, modules, snapshot: { memories, globals: stored.globals } };
}

function readImages(
  { fd, at, size }: { readonly fd: number; readonly at: number; readonly size: number },
  images: readonly { readonly length: number; readonly crc: number }[],
): MemorySource[] | undefined {
  const native = nativeMemory();
  const memories: MemorySource[] = [];
  let offset = at;
  for (const { length, crc } of images) {
    if (offset + length > size) return undefined;
    const file = { fd, offset };
    const bytes = native === undefined ? read(fd, offset, length) : native.view(file, length);
    if (crc32(bytes) !== crc) return undefined;
    memories.push({ bytes, file: native === undefined ? undefined : file });
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
