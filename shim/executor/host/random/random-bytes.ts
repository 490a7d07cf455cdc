import { nodeCrypto } from "@rcm/lib/late-modules";

/** A call of the kernel costs microseconds; small wants are served from this many bytes of stock. */
const STOCK_BYTES = 4096;
const FROM_STOCK_BYTES = 256;

/** Random bytes that nobody has seen: each is given once and wiped from the stock. */
class RandomStock {
  readonly #bytes = Buffer.allocUnsafeSlow(STOCK_BYTES);
  #next = STOCK_BYTES;

  take(length: number): Buffer {
    if (this.#next + length > STOCK_BYTES) {
      nodeCrypto().randomFillSync(this.#bytes);
      this.#next = 0;
    }
    const taken = Buffer.from(this.#bytes.subarray(this.#next, this.#next + length));
    this.#bytes.fill(0, this.#next, this.#next + length);
    this.#next += length;
    return taken;
  }
}

const stock = new RandomStock();

/** `length` bytes from the system's secure source. */
export function randomBytes(length: number): Buffer {
  return length <= FROM_STOCK_BYTES ? stock.take(length) : nodeCrypto().randomFillSync(Buffer.allocUnsafeSlow(length));
}

export function randomU64(): bigint {
  return stock.take(8).readBigUInt64LE();
}
