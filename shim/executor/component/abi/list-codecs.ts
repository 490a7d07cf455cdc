import type { CoreValue } from "../core/web-assembly.ts";
import type { WitValue } from "../host-interface.ts";
import type { ValType } from "../types/wit-type.ts";
import type { CallContext } from "./call-context.ts";
import type { Codec } from "./codec.ts";

/** What an element of a list takes on the host's side at least, beside its bytes in the guest. */
const ELEMENT_BYTES = 16;

type Read = (context: CallContext, pointer: number, length: number) => WitValue;
/** Writes the elements into the guest, and gives where they begin. */
type Write = (context: CallContext, value: WitValue) => { readonly pointer: number; readonly length: number };

function listCodec(read: Read, write: Write): Codec {
  return {
    load: (context, pointer) =>
      read(context, context.view.getUint32(pointer, true), context.view.getUint32(pointer + 4, true)),
    store: (context, value, pointer) => {
      const written = write(context, value);
      context.view.setUint32(pointer, written.pointer, true);
      context.view.setUint32(pointer + 4, written.length, true);
    },
    lift: (context, flat: readonly CoreValue[], at) => read(context, Number(flat[at]), Number(flat[at + 1]) >>> 0),
    lower: (context, value, flat) => {
      const written = write(context, value);
      flat.push(written.pointer | 0, written.length | 0);
    },
  };
}

/** The codec of `list<u8>`: views of the guest's memory, or copies. */
export function bytesCodec(lifted: "view" | "copy"): Codec {
  function read(context: CallContext, pointer: number, length: number): Uint8Array {
    const start = context.check(pointer, length, 1);
    context.spend(lifted === "copy" ? length + ELEMENT_BYTES : ELEMENT_BYTES);
    const { buffer } = context.bytes;
    return lifted === "copy"
      ? new Uint8Array(buffer.slice(start, start + length))
      : new Uint8Array(buffer, start, length);
  }
  return listCodec(read, writeBytes);
}

function writeBytes(context: CallContext, value: WitValue): { pointer: number; length: number } {
  if (!(value instanceof Uint8Array)) throw new TypeError("Cannot give the guest a list of bytes: got no Uint8Array");
  const { length } = value;
  const pointer = context.allocate(length, 1);
  context.bytes.set(value, pointer);
  return { pointer, length };
}

/** The codec of lists of anything but bytes. */
export function arrayCodec({ layout }: ValType, element: Codec): Codec {
  const { size, align } = layout;
  function read(context: CallContext, pointer: number, length: number): WitValue[] {
    const start = context.check(pointer, length * size, align);
    context.spend(length * (size + ELEMENT_BYTES));
    const values: WitValue[] = [];
    for (let index = 0; index < length; index += 1) values.push(element.load(context, start + index * size));
    return values;
  }
  function write(context: CallContext, value: WitValue): { pointer: number; length: number } {
    const values = elementsOf(value);
    const pointer = context.allocate(values.length * size, align);
    values.forEach((item, index) => element.store(context, item, pointer + index * size));
    return { pointer, length: values.length };
  }
  return listCodec(read, write);
}

function elementsOf(value: WitValue): readonly WitValue[] {
  if (isArray(value)) return value;
  throw new TypeError(`Cannot give the guest a list: got ${typeof value}, not an array`);
}

function isArray(value: WitValue): value is readonly WitValue[] {
  return Array.isArray(value);
}
