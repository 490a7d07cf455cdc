import { setImmediate as nextTurn } from "node:timers/promises";
import { StoreError } from "../../host/errors.ts";
import type { KeyValueEntry, KeyValueStore, KeyValueSwap } from "../../host/spin-services.ts";
import { checkResult } from "../../host/spin/store-limits.ts";
import { whileBusy } from "./sqlite-error.ts";
import { SqliteFile } from "./sqlite-file.ts";

/** As Spin makes it: a file of Spin's can be used further. */
const SCHEMA = `CREATE TABLE IF NOT EXISTS spin_key_value (
  store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))`;
const GET = "SELECT value FROM spin_key_value WHERE store = ? AND key = ?";
const EXISTS = "SELECT 1 FROM spin_key_value WHERE store = ? AND key = ?";
const SET =
  "INSERT INTO spin_key_value (store, key, value) VALUES (?, ?, ?) ON CONFLICT (store, key) DO UPDATE SET value = excluded.value";
const DELETE = "DELETE FROM spin_key_value WHERE store = ? AND key = ?";
const KEYS = "SELECT key FROM spin_key_value WHERE store = ? AND key >= ? ORDER BY key LIMIT ?";
const KEYS_AFTER = "SELECT key FROM spin_key_value WHERE store = ? AND key > ? ORDER BY key LIMIT ?";

/** So many keys are read before other guests get their turn: a millisecond's work. */
const KEYS_AT_ONCE = 1000;
const NUMBER_BYTES = 8;
const MAX_NUMBER = (1n << 63n) - 1n;
const MIN_NUMBER = -(1n << 63n);

/** The file of key-value stores. Several stores may share it. */
export function keyValueFile(path: string | undefined): SqliteFile {
  return new SqliteFile(path, SCHEMA);
}

/** A key-value store in SQLite, called in the thread of all guests: each call is an index look-up, without waiting. */
export class SqliteKeyValue implements KeyValueStore {
  readonly #file: SqliteFile;
  readonly #label: string;

  constructor(file: SqliteFile, label: string) {
    this.#file = file;
    this.#label = label;
  }

  async get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#use(() => this.#get(key), signal);
  }

  async set(key: string, value: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#use(() => {
      this.#set(key, value);
    }, signal);
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    await this.#use(() => this.#file.statement(DELETE).run(this.#label, key), signal);
  }

  async exists(key: string, signal: AbortSignal): Promise<boolean> {
    return this.#use(() => this.#file.statement(EXISTS).get(this.#label, key) !== undefined, signal);
  }

  async keys(signal: AbortSignal): Promise<readonly string[]> {
    const keys: string[] = [];
    let bytes = 0;
    for (;;) {
      const last = keys.at(-1);
      const found = await this.#use(
        () => this.#file.statement(last === undefined ? KEYS : KEYS_AFTER).all(this.#label, last ?? "", KEYS_AT_ONCE),
        signal,
      );
      for (const { key } of found) {
        keys.push(String(key));
        bytes += String(key).length;
      }
      checkResult(bytes);
      if (found.length < KEYS_AT_ONCE) return keys;
      await nextTurn(undefined, { signal });
    }
  }

  async getMany(keys: readonly string[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#use(() => {
      let bytes = 0;
      return keys.map((key) => {
        const value = this.#get(key);
        bytes += value?.length ?? 0;
        checkResult(bytes);
        return value;
      });
    }, signal);
  }

  async setMany(entries: readonly KeyValueEntry[], signal: AbortSignal): Promise<void> {
    await this.#transact(() => {
      for (const [key, value] of entries) this.#set(key, value);
    }, signal);
  }

  async deleteMany(keys: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#transact(() => {
      for (const key of keys) this.#file.statement(DELETE).run(this.#label, key);
    }, signal);
  }

  /** Numbers are kept as 8 bytes, the lowest first, as Spin does. */
  async increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint> {
    return this.#transact(() => {
      const sum = numberFrom(this.#get(key)) + delta;
      if (sum > MAX_NUMBER || sum < MIN_NUMBER) {
        throw new StoreError("FAILED", "Cannot increment the value: the sum does not fit into 64 bits");
      }
      const bytes = Buffer.alloc(NUMBER_BYTES);
      bytes.writeBigInt64LE(sum);
      this.#set(key, bytes);
      return sum;
    }, signal);
  }

  async compareAndSwap({ key, expected, value }: KeyValueSwap, signal: AbortSignal): Promise<boolean> {
    return this.#transact(() => {
      if (!isSame(this.#get(key), expected)) return false;
      this.#set(key, value);
      return true;
    }, signal);
  }

  #get(key: string): Uint8Array | undefined {
    const value = this.#file.statement(GET).get(this.#label, key)?.["value"];
    return value instanceof Uint8Array ? value : undefined;
  }

  #set(key: string, value: Uint8Array): void {
    this.#file.statement(SET).run(this.#label, key, value);
  }

  async #transact<Value>(work: () => Value, signal: AbortSignal): Promise<Value> {
    return this.#use(() => this.#file.transact(work), signal);
  }

  async #use<Value>(work: () => Value, signal: AbortSignal): Promise<Value> {
    return whileBusy(`use the key-value store "${this.#label}"`, work, signal);
  }
}

function numberFrom(value: Uint8Array | undefined): bigint {
  if (value === undefined) return 0n;
  if (value.length !== NUMBER_BYTES) {
    throw new StoreError(
      "FAILED",
      `Cannot increment the value: it has ${value.length} bytes, and a number has ${NUMBER_BYTES}`,
    );
  }
  return Buffer.from(value).readBigInt64LE();
}

function isSame(found: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
  if (found === undefined || expected === undefined) return found === expected;
  return Buffer.compare(found, expected) === 0;
}
