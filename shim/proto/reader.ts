import { isUtf8 } from "node:buffer";
import { ProtoError, type ProtoErrorCode } from "./proto-error.ts";

/**
 * What the low three bits of a tag say.
 *
 * @see {@link https://protobuf.dev/programming-guides/encoding/#structure}
 */
export const WIRE = { varint: 0, fixed64: 1, length: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** Nobody's messages are longer: ttrpc carries 4 MiB at most. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Elements of lists and maps in one message. An empty element takes 2 bytes, but a hundred times that in memory. */
const MAX_ELEMENTS = 1 << 18;

/** Only groups, which nobody uses, nest without limit: no message of ours contains itself. */
const MAX_GROUP_DEPTH = 32;

const MAX_VARINT_BYTES = 10;

/** Reads protobuf's wire format from front to end. Every method throws {@link ProtoError} at malformed input. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  #low = 0;
  #high = 0;
  #elements = 0;
  #message: string;
  #field = "";

  constructor(bytes: Uint8Array, message: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
    this.#message = message;
    if (this.#end > MAX_MESSAGE_BYTES) {
      this.fail(`it has ${String(this.#end)} bytes, the limit is ${String(MAX_MESSAGE_BYTES)}`, "TOO_LARGE");
    }
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Names what is read next, for errors. */
  name(message: string, field: string): void {
    this.#message = message;
    this.#field = field;
  }

  /** Field number and wire type: `number << 3 | wire`, unsigned. */
  tag(): number {
    this.#readVarint();
    if (this.#high !== 0 || this.#low < 8) this.fail("a field number must be between 1 and 536870911");
    return this.#low;
  }

  /** The low 32 bits, unsigned: what is above them is cut off, as protobuf has it. */
  varint32(): number {
    this.#readVarint();
    return this.#low;
  }

  /** All 64 bits, unsigned. */
  varint64(): bigint {
    this.#readVarint();
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  varintIsZero(): boolean {
    this.#readVarint();
    return this.#low === 0 && this.#high === 0;
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#advance(8));
  }

  /** Shares its memory with the input. */
  bytes(): Uint8Array {
    const start = this.#advance(this.#length());
    return this.#bytes.subarray(start, this.#at);
  }

  string(): string {
    const start = this.#advance(this.#length());
    if (start === this.#at) return "";
    if (!isUtf8(this.#bytes.subarray(start, this.#at))) this.fail("it is not UTF-8");
    return this.#bytes.toString("utf8", start, this.#at);
  }

  /** Limits reading to a value that says its length. Give the result to `leave`, once it is read to its end. */
  enter(): number {
    const outer = this.#end;
    const length = this.#length(); // Moves #at.
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  /** To be called for each element of a list or map. */
  countElement(): void {
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) this.fail(`it has more than ${String(MAX_ELEMENTS)} elements`, "TOO_LARGE");
  }

  /** Passes over the value of an unknown field. */
  skip(tag: number): void {
    const groups: number[] = [];
    for (let current = tag; ; current = this.tag()) {
      this.#skipValue(current, groups);
      if (groups.length === 0) return;
    }
  }

  fail(what: string, code: ProtoErrorCode = "MALFORMED"): never {
    const path = this.#field === "" ? this.#message : `${this.#message}.${this.#field}`;
    throw new ProtoError(code, `Cannot decode "${path}" at byte ${String(this.#at)}: ${what}`);
  }

  #skipValue(tag: number, groups: number[]): void {
    const number = tag >>> 3;
    switch (tag & 7) {
      case WIRE.varint:
        this.#readVarint();
        break;
      case WIRE.fixed64:
        this.#advance(8);
        break;
      case WIRE.length:
        this.#advance(this.#length());
        break;
      case WIRE.startGroup:
        if (groups.push(number) > MAX_GROUP_DEPTH) this.fail("groups are nested too deep", "TOO_LARGE");
        break;
      case WIRE.endGroup:
        if (groups.pop() !== number) this.fail(`group ${String(number)} ends, but it did not begin`);
        break;
      case WIRE.fixed32:
        this.#advance(4);
        break;
      default:
        this.fail(`wire type ${String(tag & 7)} does not exist`);
    }
  }

  /** Steps over `count` bytes and returns where they begin. */
  #advance(count: number): number {
    const start = this.#at;
    if (count > this.#end - start) {
      this.fail(`${String(count)} bytes should follow, but there are ${String(this.#end - start)}`);
    }
    this.#at = start + count;
    return start;
  }

  #length(): number {
    this.#readVarint();
    const left = this.#end - this.#at;
    if (this.#high !== 0 || this.#low > left) {
      this.fail(`${String(this.#length64())} bytes should follow, but there are ${String(left)}`);
    }
    return this.#low;
  }

  #length64(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  #readVarint(): void {
    let low = 0;
    let high = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const byte = this.#bytes[this.#advance(1)] ?? 0;
      const bits = byte & 0x7f;
      if (index < 5) low |= bits << (7 * index);
      if (index === 4) high = bits >> 4;
      if (index > 4) high |= bits << (7 * index - 32);
      if (byte > 0x7f) continue;
      if (index === MAX_VARINT_BYTES - 1 && byte > 1) break;
      this.#low = low >>> 0;
      this.#high = high >>> 0;
      return;
    }
    this.fail("a varint has more than 64 bits");
  }
}
