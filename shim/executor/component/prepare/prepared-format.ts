import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import type { ComponentPlan } from "./evaluate-component.ts";
import type { Prepared, PreparedModule } from "./prepare.ts";

/** Changes whenever what is stored changes, or what it means. */
const LAYOUT = 1;
/** In the file's name: V8 reads what V8 of the same version wrote. */
export const FORMAT: string = `${LAYOUT}-${process.versions.v8.replaceAll(/[^0-9A-Za-z.]/g, "_")}`;

const MAGIC = 0x50_4d_43_52;
/** Magic, checksum of all that follows it, length of the plan; little-endian. */
const HEADER_BYTES = 12;

interface Stored {
  readonly plan: ComponentPlan;
  readonly modules: readonly (Omit<PreparedModule, "bytes"> & { readonly length: number })[];
}

/** A prepared component as bytes: a header, the plan, and the core modules one after the other. */
export function encodePrepared({ plan, modules }: Prepared): Uint8Array {
  const stored: Stored = {
    plan,
    modules: modules.map(({ bytes, memories, globals, indirection, resetObstacle }) => ({
      memories,
      globals,
      indirection,
      resetObstacle,
      length: bytes.length,
    })),
  };
  const planBytes = serialize(stored);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(planBytes.length, 8);
  const content = Buffer.concat([header, planBytes, ...modules.map(({ bytes }) => bytes)]);
  content.writeUInt32LE(crc32(content.subarray(8)), 4);
  return content;
}

/** The prepared component, or `undefined` if the bytes are not what was written. */
export function decodePrepared(content: Buffer): Prepared | undefined {
  const isWhole =
    content.length >= HEADER_BYTES &&
    content.readUInt32LE(0) === MAGIC &&
    content.readUInt32LE(4) === crc32(content.subarray(8));
  if (!isWhole) return undefined;
  let at = HEADER_BYTES + content.readUInt32LE(8);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- By the checksum, these are the bytes that we wrote.
  const stored = deserialize(content.subarray(HEADER_BYTES, at)) as Stored;
  const modules = stored.modules.map(({ length, memories, globals, indirection, resetObstacle }): PreparedModule => {
    const bytes = content.subarray(at, at + length);
    at += length;
    return { bytes, memories, globals, indirection, resetObstacle };
  });
  return { plan: stored.plan, modules };
}
