/** What a Redis server answers. */
export type RedisReply =
  | { readonly kind: "nil" }
  | { readonly kind: "status"; readonly text: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "list"; readonly items: readonly RedisReply[] };

const INTEGER = /^-?\d+$/;

/**
 * From a reply as the library gives it: integers and statuses are both strings there, so that no integer loses digits. No
 * status of Redis looks like an integer.
 *
 * @throws {Error} what the server says of one command of several.
 * @throws {TypeError} if it is of a kind that only the third version of the protocol has.
 */
export function redisReplyFrom(raw: unknown): RedisReply {
  if (raw === null || raw === undefined) return { kind: "nil" };
  if (typeof raw === "string") {
    return INTEGER.test(raw) ? { kind: "integer", value: BigInt(raw) } : { kind: "status", text: raw };
  }
  if (Buffer.isBuffer(raw)) return { kind: "bytes", bytes: raw };
  if (raw instanceof Error) throw raw; // Of one command of a transaction.
  if (Array.isArray(raw)) return { kind: "list", items: raw.map(redisReplyFrom) };
  throw new TypeError("Cannot read the answer of the Redis server: it is of an unknown kind");
}
