import { StoreError } from "../errors.ts";

const MAX_KEY_BYTES = 64 << 10;
/** Writing one stops everything else for some 30 ms. */
const MAX_VALUE_BYTES = 32 << 20;
/** All that one call gives to a guest, as Spin limits it. */
export const MAX_RESULT_BYTES: number = 128 << 20;
/** Keys or values of one call. */
const MAX_MANY = 10_000;

/** @throws {StoreError} `LIMIT` */
export function checkKey(key: string): void {
  if (key.length > MAX_KEY_BYTES || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new StoreError("LIMIT", `Cannot use the key "${key.slice(0, 40)}…": it has more than ${MAX_KEY_BYTES} bytes`);
  }
}

/** @throws {StoreError} `LIMIT` */
export function checkValue(key: string, value: Uint8Array): void {
  if (value.length > MAX_VALUE_BYTES) {
    throw new StoreError(
      "LIMIT",
      `Cannot store the value of "${key}": it has ${value.length} bytes, and at most ${MAX_VALUE_BYTES} are taken`,
    );
  }
}

/** @throws {StoreError} `LIMIT` */
export function checkMany(count: number): void {
  if (count > MAX_MANY) {
    throw new StoreError("LIMIT", `Cannot use ${count} keys in one call: at most ${MAX_MANY} are taken`);
  }
}

/** @throws {StoreError} `LIMIT` if a result of that many bytes would be too large for a guest. */
export function checkResult(bytes: number): void {
  if (bytes > MAX_RESULT_BYTES) {
    throw new StoreError("LIMIT", `Cannot give the result to the guest: it exceeds ${MAX_RESULT_BYTES} bytes`);
  }
}
