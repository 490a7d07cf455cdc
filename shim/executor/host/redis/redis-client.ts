import { withDeadline } from "@rcm/lib/deadline";
import { messageOf } from "@rcm/lib/errors";
import { StoreError } from "../errors.ts";
import { orAborted } from "../or-aborted.ts";
import type { SpinServices } from "../spin-services.ts";
import { type RedisAddress, parseRedisAddress } from "./redis-address.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { type RedisReply, redisReplyFrom } from "./redis-reply.ts";

const CONNECT_MS = 10_000;
const COMMAND_MS = 30_000;
/** After them, answers come that belong to no command, or none at all. */
const REFUSED: ReadonlySet<string> = new Set([
  "SUBSCRIBE",
  "PSUBSCRIBE",
  "SSUBSCRIBE",
  "MONITOR",
  "SYNC",
  "PSYNC",
  "HELLO",
  "CLIENT",
  "QUIT",
]);

export type ConnectOptions = Pick<SpinServices, "lookup" | "beforeTls">;

/** A connection to a Redis server, with a deadline for everything. */
export class RedisClient {
  readonly #connection: RedisConnection;

  private constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /**
   * Connects, signs in, and chooses the database.
   *
   * @param address - as {@link parseRedisAddress} takes it. No message repeats it.
   * @throws {StoreError} `INVALID_ADDRESS`, `TIME_LIMIT`, `FAILED`; the reason of `signal`.
   */
  static async connect(address: string, signal: AbortSignal, options: ConnectOptions = {}): Promise<RedisClient> {
    const parsed = parseRedisAddress(address);
    if (parsed.transport === "tls") options.beforeTls?.();
    const module = await import("./redis-connection.ts"); // With the library: only who uses Redis loads it.
    const connection = new module.RedisConnection(parsed, options.lookup);
    try {
      await within("connect to the Redis server", CONNECT_MS, signal, async () => greet(connection, parsed));
      return new RedisClient(connection);
    } catch (error) {
      connection.close(asError(error));
      throw error;
    }
  }

  /** Whether the connection cannot be used any more: a new one is needed. */
  get isClosed(): boolean {
    return this.#connection.isClosed;
  }

  /** @throws {StoreError} `FAILED` with what the server says, `TIME_LIMIT`: then the connection is closed. */
  async send(command: readonly (string | Buffer)[], signal: AbortSignal): Promise<RedisReply> {
    const name = String(command[0]).toUpperCase();
    if (REFUSED.has(name)) {
      throw new StoreError("FAILED", `Cannot send the Redis command "${name}": it has not just one answer`);
    }
    try {
      return await within("use the Redis server", COMMAND_MS, signal, async () =>
        redisReplyFrom(await this.#connection.send(command)),
      );
    } catch (error) {
      // Its answer may still come, but who would know which it is.
      if (error instanceof StoreError && error.code === "TIME_LIMIT") this.#connection.close(error);
      throw error;
    }
  }

  close(): void {
    this.#connection.close(new StoreError("FAILED", "the connection is closed"));
  }
}

/** Signs in, and chooses the database. */
export async function greet(connection: RedisConnection, { user, password, database }: RedisAddress): Promise<void> {
  if (password !== undefined) await connection.send(["AUTH", ...(user === undefined ? [] : [user]), password]);
  await connection.send(["SELECT", String(database)]);
}

async function within<Value>(
  what: string,
  ms: number,
  signal: AbortSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  function expired(): StoreError {
    return new StoreError("TIME_LIMIT", `Cannot ${what}: it has not answered within ${ms} ms`);
  }
  try {
    return await withDeadline({ ms, expired }, async (limited) => orAborted(work(), limited), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError && error.code !== "FAILED") throw error;
    throw new StoreError("FAILED", `Cannot ${what}: ${messageOf(error)}`, { cause: error });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
