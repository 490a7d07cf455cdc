import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentBuilder, SECTION } from "./component-builder.ts";

const CUSTOM = 0;

/** A component that imports an empty interface, and has a section in front of that for nothing. */
export function importingComponent(name: string, idle: Uint8Array = new Uint8Array(0)): Uint8Array {
  const builder = new ComponentBuilder();
  builder.section(CUSTOM, new ByteWriter().name("fermyon:spin/nothing").bytes(idle));
  builder.rawType(new ByteWriter().u8(0x42).u32(0)); // An instance with nothing in it.
  return builder.define(SECTION.import, new ByteWriter().u8(0).name(name).u8(5, 0)).finish();
}
