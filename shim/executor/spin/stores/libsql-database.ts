import type { HttpClient, HttpStream, RowsResult, Value } from "@libsql/hrana-client";
import { messageOf } from "@rcm/lib/errors";
import { HostError, StoreError } from "../../host/errors.ts";
import type { SqlConnection, SqlDatabase, SqlResult, SqlValue } from "../../host/spin-services.ts";
import { MAX_RESULT_BYTES } from "../../host/spin/store-limits.ts";
import { type FetchLimits, limitedFetch } from "./limited-fetch.ts";

const STATEMENT_MS = 30_000;
const CLOSE_MS = 5_000;

export interface LibsqlOptions {
  readonly label: string;
  /** `http:` or `https:`. */
  readonly url: string;
  readonly token: string;
}

/** A database of a libsql server (Turso), by the protocol Hrana 2 over HTTP. The library is loaded at the first use. */
export class LibsqlDatabase implements SqlDatabase {
  readonly #options: LibsqlOptions;

  constructor(options: LibsqlOptions) {
    this.#options = options;
  }

  /** Asks the server nothing yet. */
  async connect(): Promise<SqlConnection> {
    const { openHttp } = await import("@libsql/hrana-client");
    const { label, url, token } = this.#options;
    return new LibsqlConnection(label, (send) => openHttp(url, token === "" ? undefined : token, send));
  }
}

type Send = (request: Request) => Promise<Response>;

/** One stream of the server's: a transaction goes on from one statement to the next. */
class LibsqlConnection implements SqlConnection {
  readonly #label: string;
  readonly #client: HttpClient;
  readonly #stream: HttpStream;
  #signal: AbortSignal | undefined = undefined;
  #lastInsertRowId = 0n;
  #changes = 0n;

  constructor(label: string, open: (send: Send) => HttpClient) {
    this.#label = label;
    this.#client = open(async (request) => this.#send(request));
    this.#client.intMode = "bigint";
    this.#stream = this.#client.openStream();
  }

  async execute(statement: string, parameters: readonly SqlValue[], signal: AbortSignal): Promise<SqlResult> {
    this.#signal = signal;
    try {
      const result = await this.#stream.query([statement, [...parameters]]);
      this.#remember(result);
      return { columns: result.columnNames.map((name) => name ?? ""), rows: result.rows.map(valuesOf) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HostError || error instanceof StoreError) throw error;
      throw new StoreError("FAILED", `Cannot use the database "${this.#label}": ${messageOf(error)}`, { cause: error });
    } finally {
      this.#signal = undefined;
    }
  }

  #remember({ affectedRowCount, lastInsertRowid }: RowsResult): void {
    this.#changes = BigInt(affectedRowCount);
    this.#lastInsertRowId = lastInsertRowid ?? this.#lastInsertRowId;
  }

  /** From the answers so far: the server says it with each. */
  async lastInsertRowId(): Promise<bigint> {
    return Promise.resolve(this.#lastInsertRowId);
  }

  async changes(): Promise<bigint> {
    return Promise.resolve(this.#changes);
  }

  /** Tells the server, which rolls back what was not committed. */
  close(): void {
    this.#client.close();
  }

  async #send(request: Request): Promise<Response> {
    const signal = this.#signal;
    const what = `the database "${this.#label}"`;
    const limits: FetchLimits = {
      ms: signal === undefined ? CLOSE_MS : STATEMENT_MS,
      maxBytes: 2 * MAX_RESULT_BYTES,
      what,
    };
    return limitedFetch(request, limits, signal ?? new AbortController().signal);
  }
}

function valuesOf(row: ArrayLike<Value>): SqlValue[] {
  return Array.from(row, (value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
}
