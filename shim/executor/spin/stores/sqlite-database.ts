import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../../host/errors.ts";
import type { SqlConnection, SqlDatabase, SqlResult, SqlValue } from "../../host/spin-services.ts";
import { type SqlQuestion, SqlThread } from "./sql-thread.ts";
import { storeError, whileBusy } from "./sqlite-error.ts";

const MEMORY = ":memory:";
/** The thread of a database that nobody is connected to goes after this time. One in memory stays, with its content. */
const IDLE_MS = 30_000;
const STATEMENT_MS = 30_000;
/** Threads given up with a statement that never ends. Each takes a processor until the program ends. */
const MAX_LOST_THREADS = 2;

export interface SqliteOptions {
  readonly label: string;
  /** Of the file; `undefined`: in memory. */
  readonly path: string | undefined;
  /** @default {30000} */
  readonly idleMs?: number;
  /** How long one statement may take. @default {30000} */
  readonly statementMs?: number;
}

/** A database in a file, or in memory. All connections to it share a thread, which is started for the first one. */
export class SqliteDatabase implements SqlDatabase, Disposable {
  readonly #options: SqliteOptions;
  readonly #path: string;
  #thread: SqlThread | undefined = undefined;
  #threads = 0;
  #connections = 0;
  #nextConnection = 0;
  #idle: NodeJS.Timeout | undefined = undefined;

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.#path = options.path ?? MEMORY;
  }

  /** @throws {StoreError} */
  async connect(signal: AbortSignal): Promise<SqlConnection> {
    const thread = this.#running();
    const connection = this.#nextConnection;
    this.#nextConnection += 1;
    this.#opened();
    try {
      await this.#ask(thread, { kind: "open", connection }, signal);
      return new ThreadConnection({
        execute: async (statement, parameters, within) =>
          (await this.#ask(thread, { kind: "execute", connection, statement, parameters }, within)) ?? NOTHING,
        close: () => {
          this.#closed();
          if (!thread.isClosed) thread.ask({ kind: "close", connection }).catch(ignore);
        },
      });
    } catch (error) {
      this.#closed();
      throw error;
    }
  }

  async #ask(thread: SqlThread, question: SqlQuestion, signal: AbortSignal): Promise<SqlResult | undefined> {
    return whileBusy(`use the database "${this.#options.label}"`, async () => thread.ask(question), signal);
  }

  #running(): SqlThread {
    if (this.#thread !== undefined && !this.#thread.isClosed) return this.#thread;
    if (this.#threads >= MAX_LOST_THREADS) {
      throw new StoreError(
        "FAILED",
        `Cannot open the database "${this.#options.label}": statements that do not end hold it up`,
      );
    }
    this.#makeFolder();
    this.#threads += 1;
    this.#thread = new SqlThread({
      path: this.#path,
      statementMs: this.#options.statementMs ?? STATEMENT_MS,
      onEnd: () => {
        this.#threads -= 1;
      },
    });
    return this.#thread;
  }

  #makeFolder(): void {
    if (this.#path === MEMORY) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
    } catch (error) {
      throw storeError(`use the database "${this.#options.label}"`, error);
    }
  }

  #opened(): void {
    this.#connections += 1;
    clearTimeout(this.#idle);
  }

  #closed(): void {
    this.#connections -= 1;
    if (this.#connections > 0 || this.#path === MEMORY) return;
    this.#idle = setTimeout(() => {
      this[Symbol.dispose]();
    }, this.#options.idleMs ?? IDLE_MS).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    this.#thread?.close(new StoreError("FAILED", `Cannot use the database "${this.#options.label}": it is closed`));
    this.#thread = undefined;
  }
}

const NOTHING: SqlResult = { columns: [], rows: [] };

function ignore(): void {}

interface ConnectionCalls {
  execute(statement: string, parameters: readonly SqlValue[], signal: AbortSignal): Promise<SqlResult>;
  close(): void;
}

class ThreadConnection implements SqlConnection {
  readonly #calls: ConnectionCalls;
  #isClosed = false;

  constructor(calls: ConnectionCalls) {
    this.#calls = calls;
  }

  async execute(statement: string, parameters: readonly SqlValue[], signal: AbortSignal): Promise<SqlResult> {
    return this.#calls.execute(statement, parameters, signal);
  }

  async lastInsertRowId(signal: AbortSignal): Promise<bigint> {
    return this.#integer("SELECT last_insert_rowid()", signal);
  }

  async changes(signal: AbortSignal): Promise<bigint> {
    return this.#integer("SELECT changes()", signal);
  }

  async #integer(statement: string, signal: AbortSignal): Promise<bigint> {
    const [row] = (await this.execute(statement, [], signal)).rows;
    return typeof row?.[0] === "bigint" ? row[0] : 0n;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#calls.close();
  }
}
