import { ByteReader } from "@rcm/shim/executor/component/binary/byte-reader";
import { readLimits } from "@rcm/shim/executor/component/binary/core-extern";
import { ByteWriter } from "@rcm/shim/executor/component/core/byte-writer";
import { readSections } from "@rcm/shim/executor/component/core/core-sections";

const MEMORY_SECTION = 5;
/** 64 MiB. */
const PAGES = 1_024;

/**
 * A core module of Go with a larger memory from the start. The adapter for WASI's first version takes its own memory from
 * behind that, and Go's heap, which counts on all that follows its data, would soon reach it.
 */
export function withRoom(core: Uint8Array): Uint8Array {
  const section = readSections(new ByteReader(core)).find(({ id }) => id === MEMORY_SECTION);
  if (section === undefined) throw new Error("Cannot give a guest more memory: it defines none");
  const reader = new ByteReader(core, section.start, section.end);
  const [limits, ...more] = reader.vec("memories", core.length, () => readLimits(reader));
  if (limits === undefined || limits.max !== undefined || more.length > 0) {
    throw new Error("Cannot give a guest more memory: it is not as Go makes it");
  }
  const writer = new ByteWriter().bytes(core.subarray(0, section.head));
  return writer
    .section(MEMORY_SECTION, new ByteWriter().u32(1).u8(0).u32(PAGES))
    .bytes(core.subarray(section.end))
    .finish();
}
