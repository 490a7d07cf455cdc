import type { DatabaseSync } from "node:sqlite";
import type { MessagePort } from "node:worker_threads";
import type { SqlResult, SqlValue } from "../../host/spin-services.ts";

/** What the thread of a database is asked. Connections have numbers. */
export type SqlRequest =
  | { readonly kind: "open" | "close"; readonly id: number; readonly connection: number }
  | {
      readonly kind: "execute";
      readonly id: number;
      readonly connection: number;
      readonly statement: string;
      readonly parameters: readonly SqlValue[];
    };

/** What it answers to the request with the same `id`. `errcode` is SQLite's. */
export type SqlReply =
  | { readonly id: number; readonly result: SqlResult | undefined }
  | { readonly id: number; readonly message: string; readonly errcode: number | undefined };

export interface SqlWorkerSettings {
  /** `:memory:` for a database in memory, which all connections share. */
  readonly path: string;
  readonly maxResultBytes: number;
  readonly maxStatementBytes: number;
  /** SQLite's actions and pragmas that would reach beyond the database, or stop the thread. */
  readonly denied: { readonly attach: number; readonly pragma: number; readonly pragmas: readonly string[] };
}

/**
 * The program of a database's thread. It goes there as text, since a program that is one file has no other one to start a
 * thread from: it may use nothing but its arguments.
 */
export class SqlWorker {
  readonly #Database: typeof DatabaseSync;
  readonly #settings: SqlWorkerSettings;
  readonly #open = new Map<number, DatabaseSync>();
  readonly #shared: DatabaseSync | undefined;

  constructor(port: MessagePort, Database: typeof DatabaseSync, settings: SqlWorkerSettings) {
    this.#Database = Database;
    this.#settings = settings;
    this.#shared = settings.path === ":memory:" ? this.#connect() : undefined;
    port.on("message", (request: SqlRequest) => {
      port.postMessage(this.#reply(request));
    });
  }

  #reply(request: SqlRequest): SqlReply {
    const { id } = request;
    try {
      return { id, result: this.#answer(request) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const hasCode = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
      return { id, message, errcode: hasCode ? Number(error.errcode) : undefined };
    }
  }

  #answer(request: SqlRequest): SqlResult | undefined {
    const { connection } = request;
    const database = this.#open.get(connection);
    if (request.kind === "open") this.#open.set(connection, this.#shared ?? this.#connect());
    if (request.kind === "close") this.#close(connection);
    return request.kind === "execute" && database !== undefined
      ? this.#execute(database, request.statement, request.parameters)
      : undefined;
  }

  #connect(): DatabaseSync {
    const { path, maxStatementBytes, maxResultBytes, denied } = this.#settings;
    const database = new this.#Database(path, {
      timeout: 0,
      defensive: true,
      enableDoubleQuotedStringLiterals: true,
      limits: { sqlLength: maxStatementBytes, length: maxResultBytes },
    });
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    } catch (error) {
      database.close();
      throw error;
    }
    database.setAuthorizer((action, argument) => {
      const isAttach = action === denied.attach && argument !== ""; // VACUUM attaches "", a file of its own.
      const isPragma = action === denied.pragma && denied.pragmas.includes(String(argument).toLowerCase());
      return isAttach || isPragma ? 1 : 0;
    });
    return database;
  }

  #execute(database: DatabaseSync, sql: string, parameters: readonly SqlValue[]): SqlResult {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const found = statement.iterate(...parameters);
    try {
      return { columns: statement.columns().map(({ name }) => name), rows: this.#rows(found) };
    } catch (error) {
      found.return?.(); // Else a statement that failed keeps its transaction open: what comes after it is not committed.
      throw error;
    }
  }

  #rows(found: Iterable<Record<string, SqlValue>>): SqlValue[][] {
    const { maxResultBytes } = this.#settings;
    const rows: SqlValue[][] = [];
    let bytes = 0;
    for (const row of found) {
      const values = Object.values(row);
      bytes += this.#bytesOf(values);
      if (bytes > maxResultBytes) throw new RangeError(`query result exceeds limit of ${maxResultBytes} bytes`);
      rows.push(values);
    }
    return rows;
  }

  /** Roughly what a row takes in memory, here and where it is sent: the engine may have two bytes for a character. */
  #bytesOf(values: readonly SqlValue[]): number {
    let bytes = 100 + 64 * values.length;
    for (const value of values) {
      if (typeof value === "string") bytes += 2 * value.length;
      else if (value instanceof Uint8Array) bytes += value.length;
    }
    return bytes;
  }

  /** What was not committed is rolled back; in a shared database, when nobody is left whose it may be. */
  #close(connection: number): void {
    const database = this.#open.get(connection);
    this.#open.delete(connection);
    if (database !== this.#shared) database?.close();
    else if (this.#open.size === 0 && database?.isTransaction === true) database.exec("ROLLBACK");
  }
}
