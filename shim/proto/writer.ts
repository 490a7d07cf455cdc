const INITIAL_BYTES = 128;

/** Writes protobuf's wire format into a buffer that grows. */
export class Writer {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = 0;

  /** What has been written. Do not write afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  tag(number: number, wire: number): void {
    this.varint((number << 3) | wire);
  }

  /** The 64 bits whose low and high half these are. */
  varint(low: number, high = 0): void {
    this.#reserve(10);
    this.#at = putVarint(this.#bytes, this.#at, low >>> 0, high >>> 0);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.varint(value.byteLength);
    this.#reserve(value.byteLength);
    this.#bytes.set(value, this.#at);
    this.#at += value.byteLength;
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at);
  }

  /** Whatever `write` writes, with its length in front. */
  nested(write: () => void): void {
    this.#reserve(1);
    this.#at += 1; // Where the length goes if it is below 128, as it mostly is.
    const start = this.#at;
    write();
    const length = this.#at - start;
    const shift = varintBytes(length) - 1;
    this.#reserve(shift);
    if (shift > 0) this.#bytes.copyWithin(start + shift, start, this.#at);
    putVarint(this.#bytes, start - 1, length, 0);
    this.#at += shift;
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) count += 1;
  return count;
}

/** @returns where the next byte goes. */
function putVarint(bytes: Uint8Array, start: number, low: number, high: number): number {
  let at = start;
  let [restLow, restHigh] = [low, high];
  while (restHigh > 0 || restLow > 0x7f) {
    bytes[at] = (restLow & 0x7f) | 0x80;
    at += 1;
    restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
    restHigh >>>= 7;
  }
  bytes[at] = restLow;
  return at + 1;
}
