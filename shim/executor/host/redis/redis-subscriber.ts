import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, backoffMs } from "@rcm/lib/backoff";
import { withDeadline } from "@rcm/lib/deadline";
import { messageOf } from "@rcm/lib/errors";
import { StoreError } from "../errors.ts";
import { orAborted } from "../or-aborted.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { greet } from "./redis-client.ts";
import type { RedisConnection, RedisMessage } from "./redis-connection.ts";

/** To connect, sign in and subscribe; and for the answer to a question whether the server is there. */
const ANSWER_MS = 10_000;
/** A server that has gone without a word is noticed after so long, and what it takes to answer. */
const PING_MS = 30_000;
const BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 };
/** In a row: some eight minutes. */
const MAX_FAILURES = 20;

export interface SubscriberOptions {
  /** As `parseRedisAddress` takes it. No message repeats it. */
  readonly address: string;
  readonly channels: readonly string[];
  readonly onMessage: (message: RedisMessage) => void;
  /** Each time that it listens to all channels. */
  readonly onListening: () => void;
  /** Each time that it does not any more, or cannot yet. */
  readonly onProblem: (reason: string) => void;
}

/**
 * Listens to channels of a Redis server until `signal` aborts. When the connection ends it makes a new one; what is
 * published meanwhile is lost, as Redis has it.
 *
 * @throws {StoreError} `INVALID_ADDRESS`; `FAILED` when it has not worked for many times in a row.
 */
export async function subscribe(options: SubscriberOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  function onListening(): void {
    failures = 0;
    options.onListening();
  }
  for (;;) {
    const reason = await listen({ ...options, onListening }, signal);
    if (signal.aborted) return;
    failures += 1;
    options.onProblem(reason);
    if (failures >= MAX_FAILURES) {
      throw new StoreError("FAILED", `Cannot listen to the Redis server: ${failures} tries failed: ${reason}`);
    }
    await delay(backoffMs(BACKOFF, failures, Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

/** @returns why it has ended. */
async function listen(options: SubscriberOptions, signal: AbortSignal): Promise<string> {
  const address = parseRedisAddress(options.address);
  const module = await import("./redis-connection.ts"); // With the library: only who uses Redis loads it.
  const connection = new module.RedisConnection(address, undefined, options.onMessage);
  try {
    await inTime(signal, async () => {
      await greet(connection, address);
      for (const channel of options.channels) await connection.send(["SUBSCRIBE", channel]);
    });
    options.onListening();
    return messageOf(await untilEnded(connection, signal));
  } catch (error) {
    return messageOf(error);
  } finally {
    connection.close(new StoreError("FAILED", "the connection is closed"));
  }
}

/** Asks from time to time whether the server is there. @returns why the connection has ended. */
async function untilEnded(connection: RedisConnection, signal: AbortSignal): Promise<Error> {
  const asking = setInterval(() => {
    inTime(signal, async () => connection.send(["PING"])).catch((error: unknown) => {
      connection.close(new StoreError("FAILED", messageOf(error)));
    });
  }, PING_MS);
  try {
    return await orAborted(connection.ended, signal);
  } finally {
    clearInterval(asking);
  }
}

async function inTime(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  function expired(): Error {
    return new StoreError("TIME_LIMIT", `the Redis server does not answer within ${ANSWER_MS / 1000} s`);
  }
  await withDeadline({ ms: ANSWER_MS, expired }, async (limited) => orAborted(work(), limited), signal);
}
