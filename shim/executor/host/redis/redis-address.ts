import { StoreError } from "../errors.ts";

/** Where a Redis server is, and what to tell it first. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly transport: "plain" | "tls";
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const DEFAULT_PORT = 6379;
/** What two readers of the same text could take for the end of the host at different places. */
const AMBIGUOUS = /[\s\\#?]/;
const DATABASE = /^\/?$|^\/(?<number>\d{1,9})$/;

/**
 * Reads `redis://user:password@host:port/database`, or `rediss:` for TLS.
 *
 * @throws {StoreError} `INVALID_ADDRESS`. The message does not repeat the address, in which there may be a password.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const url = parseUrl(text);
  const database = DATABASE.exec(url.pathname);
  if (database === null) throw invalid("its path must be the number of a database");
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    transport: url.protocol === "rediss:" ? "tls" : "plain",
    user: textOf(url.username),
    password: textOf(url.password),
    database: Number(database.groups?.["number"] ?? 0),
  };
}

function parseUrl(text: string): URL {
  if (AMBIGUOUS.test(text)) throw invalid("such characters in a user or password must be percent-encoded");
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "redis:" && url.protocol !== "rediss:")) {
    throw invalid("it must begin with redis:// or rediss://");
  }
  if (url.hostname === "") throw invalid("it names no host");
  return url;
}

function textOf(encoded: string): string | undefined {
  try {
    return encoded === "" ? undefined : decodeURIComponent(encoded);
  } catch (error) {
    throw invalid("its user and password must be percent-encoded", error);
  }
}

function invalid(problem: string, cause?: unknown): StoreError {
  return new StoreError("INVALID_ADDRESS", `Cannot use the address of the Redis server: ${problem}`, { cause });
}
