import { StoreError } from "../../host/errors.ts";
import { orAborted } from "../../host/or-aborted.ts";
import { RedisClient } from "../../host/redis/redis-client.ts";
import type { RedisReply } from "../../host/redis/redis-reply.ts";
import type { KeyValueEntry, KeyValueStore, KeyValueSwap } from "../../host/spin-services.ts";
import { bytesOf, integerOf, textsOf } from "../../host/spin/redis-results.ts";
import { checkResult } from "../../host/spin/store-limits.ts";

const SCAN_COUNT = "1000";
/** A store with more keys is not for listing them: each round asks the server. */
const MAX_SCANS = 10_000;

/** Redis runs a script without anything in between. */
const SWAP_SCRIPT = `local current = redis.call('GET', KEYS[1])
if current ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/** A key-value store whose keys are those of a Redis database. All guests share a connection, made at the first use. */
export class RedisKeyValue implements KeyValueStore, Disposable {
  readonly #label: string;
  readonly #address: string;
  /** Guests come and go: the connection is none of theirs. */
  readonly #closed = new AbortController();
  #client: Promise<RedisClient> | undefined = undefined;

  constructor(label: string, address: string) {
    this.#label = label;
    this.#address = address;
  }

  async get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return bytesOf(await this.#send(["GET", key], signal));
  }

  async set(key: string, value: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#send(["SET", key, bufferOf(value)], signal);
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    await this.#send(["DEL", key], signal);
  }

  async exists(key: string, signal: AbortSignal): Promise<boolean> {
    return integerOf(await this.#send(["EXISTS", key], signal)) > 0n;
  }

  /** By steps, for the server answers nobody else while it lists all keys. A key may come twice. */
  async keys(signal: AbortSignal): Promise<readonly string[]> {
    const keys = new Set<string>();
    let bytes = 0;
    let cursor = "0";
    for (let scan = 0; scan < MAX_SCANS; scan += 1) {
      const reply = await this.#send(["SCAN", cursor, "COUNT", SCAN_COUNT], signal);
      const [next, found] = reply.kind === "list" ? reply.items : [];
      if (next === undefined || found === undefined) break;
      for (const key of textsOf(found)) {
        if (!keys.has(key)) bytes += key.length;
        keys.add(key);
      }
      checkResult(bytes);
      cursor = Buffer.from(bytesOf(next) ?? "0").toString();
      if (cursor === "0") return [...keys];
    }
    throw new StoreError("LIMIT", `Cannot list the keys of the key-value store "${this.#label}": there are too many`);
  }

  async getMany(keys: readonly string[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const reply = await this.#send(["MGET", ...keys], signal);
    return reply.kind === "list" ? reply.items.map(bytesOf) : [];
  }

  async setMany(entries: readonly KeyValueEntry[], signal: AbortSignal): Promise<void> {
    if (entries.length === 0) return;
    await this.#send(["MSET", ...entries.flatMap(([key, value]) => [key, bufferOf(value)])], signal);
  }

  async deleteMany(keys: readonly string[], signal: AbortSignal): Promise<void> {
    if (keys.length > 0) await this.#send(["DEL", ...keys], signal);
  }

  /** Numbers are kept as Redis keeps them: as text. */
  async increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint> {
    return integerOf(await this.#send(["INCRBY", key, delta.toString()], signal));
  }

  async compareAndSwap({ key, expected, value }: KeyValueSwap, signal: AbortSignal): Promise<boolean> {
    if (expected === undefined) {
      const set = await this.#send(["SET", key, bufferOf(value), "NX"], signal);
      return set.kind === "status";
    }
    const reply = await this.#send(["EVAL", SWAP_SCRIPT, "1", key, bufferOf(expected), bufferOf(value)], signal);
    return integerOf(reply) === 1n;
  }

  async #send(command: readonly (string | Buffer)[], signal: AbortSignal): Promise<RedisReply> {
    const client = await orAborted(this.#connected(), signal);
    return client.send(command, signal);
  }

  /** A lost connection is opened again at the next use. */
  async #connected(): Promise<RedisClient> {
    const known = this.#client;
    if (known !== undefined) {
      const client = await known.catch(() => undefined);
      if (client?.isClosed === false) return client;
      client?.close();
      if (this.#client === known) this.#client = undefined;
    }
    this.#client ??= RedisClient.connect(this.#address, this.#closed.signal);
    return this.#client;
  }

  [Symbol.dispose](): void {
    this.#closed.abort(new StoreError("FAILED", `Cannot use the key-value store "${this.#label}": it is closed`));
    this.#client?.then((client) => {
      client.close();
      return undefined;
    }, ignore);
  }
}

function ignore(): void {}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
