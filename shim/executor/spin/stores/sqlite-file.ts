import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** A database that only our own statements are for: opened at the first use, statements prepared once. */
export class SqliteFile implements Disposable {
  readonly #path: string | undefined;
  readonly #schema: string;
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync | undefined = undefined;

  /** @param path - `undefined`: in memory. */
  constructor(path: string | undefined, schema: string) {
    this.#path = path;
    this.#schema = schema;
  }

  /** @throws what `node:sqlite` throws. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#open().prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** All or nothing. `work` may not wait: other guests use the same connection. */
  transact<Value>(work: () => Value): Value {
    const database = this.#open();
    database.exec("BEGIN IMMEDIATE");
    try {
      const value = work();
      database.exec("COMMIT");
      return value;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  /** With a log beside the file, readers do not wait for writers, and a commit does not wait for the disk. */
  #open(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    if (this.#path !== undefined) mkdirSync(dirname(this.#path), { recursive: true });
    const database = new DatabaseSync(this.#path ?? ":memory:", { timeout: 0 });
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${this.#schema}`);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = undefined;
  }
}
