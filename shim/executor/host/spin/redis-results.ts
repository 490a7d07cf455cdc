import { StoreError } from "../errors.ts";
import type { RedisReply } from "../redis/redis-reply.ts";

/** `redis-parameter` of Spin's Redis interfaces. */
export type RedisParameter =
  | { readonly tag: "int64"; readonly val: bigint }
  | { readonly tag: "binary"; readonly val: Uint8Array };

/** `redis-result` of Spin's Redis interfaces. */
export type RedisResult =
  | { readonly tag: "nil" }
  | { readonly tag: "status"; readonly val: string }
  | { readonly tag: "int64"; readonly val: bigint }
  | { readonly tag: "binary"; readonly val: Uint8Array };

const MAX_DEPTH = 32;

/** A copy: the guest's memory does not hold. */
export function redisArgument({ tag, val }: RedisParameter): string | Buffer {
  return tag === "int64" ? val.toString() : Buffer.from(val);
}

/** A list of lists becomes one list: the interface knows no other. */
export function redisResults(reply: RedisReply, depth = 0): RedisResult[] {
  if (depth > MAX_DEPTH) throw unexpected("a flatter answer", reply);
  if (reply.kind === "list") return reply.items.flatMap((item) => redisResults(item, depth + 1));
  return [redisResult(reply)];
}

function redisResult(reply: Exclude<RedisReply, { kind: "list" }>): RedisResult {
  if (reply.kind === "nil") return { tag: "nil" };
  if (reply.kind === "status") return { tag: "status", val: reply.text };
  return reply.kind === "integer" ? { tag: "int64", val: reply.value } : { tag: "binary", val: reply.bytes };
}

/** @throws {StoreError} if the reply is of another kind. */
export function bytesOf(reply: RedisReply): Uint8Array | undefined {
  if (reply.kind === "nil") return undefined;
  if (reply.kind === "bytes") return reply.bytes;
  throw unexpected("bytes", reply);
}

/** @throws {StoreError} if the reply is of another kind. */
export function integerOf(reply: RedisReply): bigint {
  if (reply.kind === "integer") return reply.value;
  throw unexpected("an integer", reply);
}

/** @throws {StoreError} if the reply is of another kind. */
export function textsOf(reply: RedisReply): string[] {
  if (reply.kind === "list") return reply.items.map((item) => new TextDecoder().decode(bytesOf(item)));
  throw unexpected("a list", reply);
}

function unexpected(wanted: string, { kind }: RedisReply): StoreError {
  return new StoreError("FAILED", `Cannot use the answer of the Redis server: it must be ${wanted}, and is ${kind}`);
}
