/** Builds bytes of the WebAssembly binary format. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  put(...values: readonly number[]): void {
    this.#reserve(values.length);
    for (const value of values) {
      this.#bytes[this.#length] = value;
      this.#length += 1;
    }
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  u32(value: number): void {
    let left = value;
    while (left >= 0x80) {
      this.put((left & 0x7f) | 0x80);
      left = Math.floor(left / 128);
    }
    this.put(left);
  }

  /** A signed number of at most 32 bits. */
  s32(value: number): void {
    let left = value;
    for (;;) {
      const byte = left & 0x7f;
      left >>= 7;
      if ((left === 0 && (byte & 0x40) === 0) || (left === -1 && (byte & 0x40) !== 0)) {
        this.put(byte);
        return;
      }
      this.put(byte | 0x80);
    }
  }

  name(text: string): void {
    const bytes = Buffer.from(text);
    this.u32(bytes.length);
    this.append(bytes);
  }

  section(id: number, body: Uint8Array): void {
    this.put(id);
    this.u32(body.length);
    this.append(body);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
