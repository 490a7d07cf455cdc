import { ComponentError, type ComponentErrorCode } from "../errors.ts";
import { LIMITS } from "../limits.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the primitives of the WebAssembly binary format; every error names the offset in the file. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  #at: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.end = end;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.end;
  }

  /** The error to throw for what stands at `at`. */
  error(problem: string, code: ComponentErrorCode = "MALFORMED", at: number = this.#at): ComponentError {
    return new ComponentError(code, `Cannot read the component: at offset 0x${at.toString(16)}: ${problem}`);
  }

  peek(): number {
    const byte = this.bytes[this.#at];
    if (byte === undefined || this.#at >= this.end) throw this.error("it ends too early");
    return byte;
  }

  u8(): number {
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.#longU32(first);
  }

  #longU32(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    const last = this.u8();
    if (last > 0x0f) throw this.error("the number is larger than 32 bits", "MALFORMED", this.#at - 1);
    return value + last * 2 ** 28;
  }

  /** Skips a signed or unsigned LEB128 of at most `maxBytes`. */
  skipLeb(maxBytes: number): void {
    for (let length = 0; length < maxBytes; length += 1) if (this.u8() < 0x80) return;
    throw this.error(`the number is longer than ${maxBytes} bytes`);
  }

  skip(length: number): void {
    if (length > this.end - this.#at) {
      throw this.error(`${length} bytes are announced, ${this.end - this.#at} are left`);
    }
    this.#at += length;
  }

  /** A reader of the next `length` bytes, which this one skips. */
  section(length: number): ByteReader {
    const start = this.#at;
    this.skip(length);
    return new ByteReader(this.bytes, start, start + length);
  }

  name(): string {
    const length = this.u32();
    const start = this.#at;
    if (length > LIMITS.nameBytes) {
      throw this.error(`a name has ${length} bytes, more than ${LIMITS.nameBytes}`, "LIMIT");
    }
    this.skip(length);
    try {
      return UTF8.decode(this.bytes.subarray(start, this.#at));
    } catch (cause) {
      const error = this.error("a name is not UTF-8", "MALFORMED", start);
      error.cause = cause;
      throw error;
    }
  }

  /** A count and that many items. Each item has at least one byte, so a count beyond the bytes left is an error. */
  vec<Item>(what: string, limit: number, item: () => Item): Item[] {
    const start = this.#at;
    const count = this.u32();
    if (count > limit) throw this.error(`${count} ${what}, more than ${limit}`, "LIMIT", start);
    if (count > this.end - this.#at) {
      throw this.error(`${count} ${what} are announced, the bytes end before`, "MALFORMED", start);
    }
    const items: Item[] = [];
    for (let index = 0; index < count; index += 1) items.push(item());
    return items;
  }

  /** Fails unless everything was read. */
  finish(what: string): void {
    if (!this.done) throw this.error(`${this.end - this.#at} bytes too many in ${what}`);
  }
}
