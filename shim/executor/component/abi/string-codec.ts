import { constants } from "node:buffer";
import type { StringEncoding } from "../binary/component-ast.ts";
import { WasmTrap } from "../errors.ts";
import type { WitValue } from "../host-interface.ts";
import type { CallContext } from "./call-context.ts";
import type { Codec } from "./codec.ts";

type Decode = (context: CallContext, pointer: number, length: number) => string;
/** Writes a string into the guest; gives its length, and leaves the pointer in `lastPointer`. */
type Encode = (context: CallContext, text: string) => Written;

interface Written {
  readonly pointer: number;
  readonly length: number;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** In `latin1+utf16`, this bit of the length says that it is UTF-16. */
const UTF16_BIT = 2 ** 31;
/** Longer strings are faster in native code. */
const SHORT = 32;

/** The codec of strings in one encoding. */
export function stringCodec(encoding: StringEncoding): Codec {
  const decode = DECODERS[encoding];
  const encode = ENCODERS[encoding];
  return {
    load: (context, pointer) =>
      decode(context, context.view.getUint32(pointer, true), context.view.getUint32(pointer + 4, true)),
    store: (context, value, pointer) => {
      const written = encode(context, textOf(value));
      context.view.setUint32(pointer, written.pointer, true);
      context.view.setUint32(pointer + 4, written.length, true);
    },
    lift: (context, flat, at) => decode(context, Number(flat[at]) >>> 0, Number(flat[at + 1]) >>> 0),
    lower: (context, value, flat) => {
      const written = encode(context, textOf(value));
      flat.push(written.pointer | 0, written.length | 0);
    },
  };
}

function textOf(value: WitValue): string {
  if (typeof value === "string") return value;
  throw new TypeError(`Cannot give the guest a string: got ${typeof value}`);
}

const DECODERS: Readonly<Record<StringEncoding, Decode>> = {
  utf8: decodeUtf8,
  utf16: decodeUtf16,
  "latin1+utf16": (context, pointer, tagged) => {
    if (tagged >= UTF16_BIT) return decodeUtf16(context, pointer, tagged - UTF16_BIT);
    const start = place(context, pointer, tagged, 2);
    return context.bytes.toString("latin1", start, start + tagged);
  },
};

function place(context: CallContext, pointer: number, bytes: number, align: number): number {
  const start = context.check(pointer, bytes, align);
  if (bytes > constants.MAX_STRING_LENGTH) throw new WasmTrap(`a string of ${bytes} bytes is too long`);
  context.spend(bytes);
  return start;
}

function decodeUtf8(context: CallContext, pointer: number, length: number): string {
  const start = place(context, pointer, length, 1);
  const { bytes } = context;
  const end = start + length;
  if (length <= SHORT && isAscii(bytes, start, end)) return bytes.toString("latin1", start, end);
  try {
    return UTF8.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw new WasmTrap("a string is not UTF-8", { cause });
  }
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let all = 0;
  for (let index = start; index < end; index += 1) all |= bytes[index] ?? 0;
  return all < 0x80;
}

function decodeUtf16(context: CallContext, pointer: number, units: number): string {
  const start = place(context, pointer, units * 2, 2);
  const text = context.bytes.toString("utf16le", start, start + units * 2);
  if (!text.isWellFormed()) throw new WasmTrap("a string is not UTF-16");
  return text;
}

const ENCODERS: Readonly<Record<StringEncoding, Encode>> = {
  utf8: encodeUtf8,
  utf16: encodeUtf16,
  "latin1+utf16": (context, text) => {
    if (!isLatin1(text)) {
      const { pointer, length } = encodeUtf16(context, text);
      return { pointer, length: length + UTF16_BIT };
    }
    const pointer = context.allocate(text.length, 2);
    context.bytes.write(text, pointer, "latin1");
    return { pointer, length: text.length };
  },
};

function encodeUtf8(context: CallContext, text: string): Written {
  const length = Buffer.byteLength(text);
  const pointer = context.allocate(length, 1);
  const { bytes } = context;
  if (length === text.length && length <= SHORT) {
    for (let index = 0; index < length; index += 1) bytes[pointer + index] = text.charCodeAt(index);
  } else bytes.write(text, pointer, length, "utf8");
  return { pointer, length };
}

function encodeUtf16(context: CallContext, text: string): Written {
  const pointer = context.allocate(text.length * 2, 2);
  context.bytes.write(text.toWellFormed(), pointer, "utf16le");
  return { pointer, length: text.length };
}

function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}
