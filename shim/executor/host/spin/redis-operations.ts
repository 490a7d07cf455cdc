import type { RedisReply } from "../redis/redis-reply.ts";
import { type RedisParameter, bytesOf, integerOf, redisArgument, redisResults, textsOf } from "./redis-results.ts";

export type RedisWords = readonly (string | Buffer)[];

/** A function of Spin's Redis interfaces. */
export interface RedisOperation {
  /** The command, from the function's arguments. Copies what is a view of the guest's memory. */
  command(...args: readonly unknown[]): RedisWords;
  /** The function's result. */
  read(reply: RedisReply): unknown;
  /** Whether the interface has an error of its own for a key that holds something else. */
  readonly mayBeOfWrongType: boolean;
}

function one(name: string): (key: string) => RedisWords {
  return (key) => [name, key];
}

function withValue(name: string): (key: string, value: Uint8Array) => RedisWords {
  return (key, value) => [name, key, Buffer.from(value)];
}

function withMembers(name: string): (key: string, members: readonly string[]) => RedisWords {
  return (key, members) => [name, key, ...members];
}

function count(reply: RedisReply): number {
  return Number(integerOf(reply));
}

function nothing(): undefined {
  return undefined;
}

export const REDIS_OPERATIONS = {
  publish: { command: withValue("PUBLISH"), read: nothing, mayBeOfWrongType: false },
  get: { command: one("GET"), read: bytesOf, mayBeOfWrongType: false },
  set: { command: withValue("SET"), read: nothing, mayBeOfWrongType: false },
  incr: { command: one("INCR"), read: integerOf, mayBeOfWrongType: false },
  del: { command: (keys: readonly string[]) => ["DEL", ...keys], read: count, mayBeOfWrongType: false },
  sadd: { command: withMembers("SADD"), read: count, mayBeOfWrongType: true },
  smembers: { command: one("SMEMBERS"), read: textsOf, mayBeOfWrongType: false },
  srem: { command: withMembers("SREM"), read: count, mayBeOfWrongType: false },
  execute: {
    command: (command: string, args: readonly RedisParameter[]) => [command, ...args.map(redisArgument)],
    read: redisResults,
    mayBeOfWrongType: false,
  },
} satisfies Readonly<Record<string, RedisOperation>>;
