import { constants } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { StoreError } from "../../host/errors.ts";
import type { SqlResult } from "../../host/spin-services.ts";
import { MAX_RESULT_BYTES } from "../../host/spin/store-limits.ts";
import { type SqlReply, type SqlRequest, SqlWorker, type SqlWorkerSettings } from "./sql-worker.ts";

const MAX_STATEMENT_BYTES = 1 << 20;
/** Process-wide, or of files beside the database; or they would hold up the thread, which serves all connections. */
const DENIED_PRAGMAS = [
  "busy_timeout",
  "data_store_directory",
  "hard_heap_limit",
  "mmap_size",
  "soft_heap_limit",
  "temp_store_directory",
  "threads",
];

/** How long it may take until the first answer: a machine may be busy. */
const START_MS = 10_000;

export interface SqlThreadOptions {
  /** Of the file, or `:memory:`. */
  readonly path: string;
  /** How long it may take for one statement. */
  readonly statementMs: number;
  /** Called when the thread is over: possibly long after {@link SqlThread.close}, if a statement runs on. */
  readonly onEnd: () => void;
}

interface Pending {
  readonly resolve: (result: SqlResult | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** A request without its number. */
export type SqlQuestion =
  | { readonly kind: "open" | "close"; readonly connection: number }
  | Omit<Extract<SqlRequest, { kind: "execute" }>, "id">;

/**
 * A thread that executes what guests ask of one database, so that a long statement does not stop the guests that do not
 * wait for it. Takes some 25 ms to start and 10 MB while it is there. Requests are answered in their order.
 */
export class SqlThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #statementMs: number;
  #nextId = 0;
  #failure: Error | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #hasStarted = false;

  constructor({ path, statementMs, onEnd }: SqlThreadOptions) {
    const settings: SqlWorkerSettings = {
      path,
      maxResultBytes: MAX_RESULT_BYTES,
      maxStatementBytes: MAX_STATEMENT_BYTES,
      denied: { attach: constants.SQLITE_ATTACH, pragma: constants.SQLITE_PRAGMA, pragmas: DENIED_PRAGMAS },
    };
    const start = `const { parentPort, workerData } = require("node:worker_threads");
      new (${SqlWorker.toString()})(parentPort, require("node:sqlite").DatabaseSync, workerData);`;
    this.#statementMs = statementMs;
    this.#worker = new Worker(start, { eval: true, workerData: settings, name: "sql", env: {}, execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (reply: SqlReply) => {
      this.#answered(reply);
    });
    this.#worker.on("error", (error) => {
      this.#fail(new StoreError("FAILED", "Cannot use the database: its thread has failed", { cause: error }));
    });
    this.#worker.on("exit", () => {
      this.#fail(new StoreError("FAILED", "Cannot use the database: it is closed"));
      onEnd();
    });
  }

  /** Whether it takes no more requests. */
  get isClosed(): boolean {
    return this.#failure !== undefined;
  }

  /** @throws what SQLite says, and {@link StoreError}. */
  async ask(question: SqlQuestion): Promise<SqlResult | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<SqlResult | undefined>();
    const id = this.#nextId;
    this.#nextId += 1;
    this.#pending.set(id, { resolve, reject });
    this.#timer ??= this.#startTimer();
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- A thread has no origin.
    this.#worker.postMessage({ ...question, id });
    return promise;
  }

  /** Nobody waits any more; a statement that runs does so to its end, for SQLite cannot be stopped from outside. */
  close(reason: Error): void {
    this.#fail(reason);
    void this.#worker.terminate();
  }

  #answered(reply: SqlReply): void {
    this.#hasStarted = true;
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    clearTimeout(this.#timer);
    this.#timer = this.#pending.size > 0 ? this.#startTimer() : undefined;
    if ("result" in reply) pending?.resolve(reply.result);
    else pending?.reject(Object.assign(new Error(reply.message), { errcode: reply.errcode }));
  }

  /** The time of what the thread works on now: it began when the one before it was answered, or with the question. */
  #startTimer(): NodeJS.Timeout {
    const ms = this.#hasStarted ? this.#statementMs : Math.max(START_MS, this.#statementMs);
    return setTimeout(() => {
      const message = `Cannot finish the statement: it, or one before it, takes more than ${ms} ms`;
      this.close(new StoreError("TIME_LIMIT", message));
    }, ms).unref();
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    clearTimeout(this.#timer);
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of all) reject(this.#failure);
  }
}
