/** Writes the primitives of the WebAssembly binary format. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity for so many bytes room is made once. */
  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  u8(...values: readonly number[]): this {
    this.#reserve(values.length);
    for (const value of values) {
      this.#bytes[this.#length] = value;
      this.#length += 1;
    }
    return this;
  }

  u32(value: number): this {
    let left = value;
    while (left >= 0x80) {
      this.u8((left % 0x80) + 0x80);
      left = Math.floor(left / 0x80);
    }
    return this.u8(left);
  }

  /** A signed number of at most 32 bits. */
  s32(value: number): this {
    let left = value;
    for (;;) {
      const byte = left & 0x7f;
      left >>= 7;
      if ((left === 0 && (byte & 0x40) === 0) || (left === -1 && (byte & 0x40) !== 0)) return this.u8(byte);
      this.u8(byte | 0x80);
    }
  }

  name(text: string): this {
    const bytes = Buffer.from(text);
    return this.u32(bytes.length).bytes(bytes);
  }

  section(id: number, body: ByteWriter): this {
    return this.u8(id).u32(body.length).bytes(body.finish());
  }

  /** What was written; not a copy. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.finish());
    this.#bytes = grown;
  }
}
