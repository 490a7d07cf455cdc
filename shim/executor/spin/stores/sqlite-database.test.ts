import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { SqliteDatabase } from "./sqlite-database.ts";

const { signal } = new AbortController();
/** Ends after a second or two; without a thread of its own it would stop everything for that time. */
const LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("SqliteDatabase", () => {
  let folder: string;
  let database: SqliteDatabase;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-sql-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  afterEach(() => {
    database[Symbol.dispose]();
  });

  function inFile(name: string): SqliteDatabase {
    database = new SqliteDatabase({ label: "default", path: join(folder, name, "sql.db") });
    return database;
  }

  it("gives integers, reals, texts, bytes and null as they are", async () => {
    const db = await inFile("values").connect(signal);
    const values = [
      -(2n ** 63n),
      2n ** 63n - 1n,
      0.5,
      1e308,
      "käse\0🧀",
      "",
      new Uint8Array([0, 255]),
      new Uint8Array(0),
      null,
    ];
    const statement = `SELECT ${values.map((_value, index) => `? AS c${index}`).join()}, 1.0 AS real`;
    const { columns, rows } = await db.execute(statement, values, signal);
    expect(rows).to.deep.equal([[...values, 1]]);
    expect(columns).to.deep.equal([...values.map((_value, index) => `c${index}`), "real"]);
  });

  it("says what was changed and inserted last", async () => {
    const db = await inFile("changes").connect(signal);
    expect([await db.lastInsertRowId(signal), await db.changes(signal)]).to.deep.equal([0n, 0n]);
    await db.execute("CREATE TABLE t (a)", [], signal);
    await db.execute("INSERT INTO t VALUES (1), (2)", [], signal);
    expect([await db.lastInsertRowId(signal), await db.changes(signal)]).to.deep.equal([2n, 2n]);
  });

  it("rolls back what a connection leaves uncommitted, also in memory", async () => {
    const inMemory = new SqliteDatabase({ label: "m", path: undefined });
    for (const one of [inFile("rollback"), inMemory]) {
      const first = await one.connect(signal);
      await first.execute("CREATE TABLE t (a)", [], signal);
      await first.execute("BEGIN", [], signal);
      await first.execute("INSERT INTO t VALUES (1)", [], signal);
      first.close();
      first.close();
      const second = await one.connect(signal);
      expect((await second.execute("SELECT count(*) FROM t", [], signal)).rows).to.deep.equal([[0n]]);
    }
    inMemory[Symbol.dispose]();
  });

  it("lets a connection wait for another one's transaction without holding it up", async () => {
    const one = inFile("transactions");
    const [first, second] = [await one.connect(signal), await one.connect(signal)];
    await first.execute("CREATE TABLE t (a)", [], signal);
    await first.execute("BEGIN IMMEDIATE", [], signal);
    const waiting = second.execute("INSERT INTO t VALUES (2)", [], signal);
    await first.execute("INSERT INTO t VALUES (1)", [], signal);
    await first.execute("COMMIT", [], signal);
    await waiting;
    expect((await first.execute("SELECT a FROM t ORDER BY a", [], signal)).rows).to.deep.equal([[1n], [2n]]);
  });

  const refused: readonly (readonly [what: string, statement: string, message: string])[] = [
    ["other files", "ATTACH 'other.db' AS other", "not authorized"],
    ["copies in other files", "VACUUM INTO 'other.db'", "authorization denied"],
    ["extensions", "SELECT load_extension('other.so')", "not authorized"],
    ["waiting in the thread", "PRAGMA busy_timeout = 60000", "not authorized"],
    ["what is of the process", "PRAGMA Hard_Heap_Limit = 1", "not authorized"],
    ["text that is no SQL", "SELEKT 1", "syntax error"],
    ["no text", "", "no statements"],
    ["a statement that is too long", `SELECT '${"x".repeat(1 << 20)}'`, "too big"],
    [
      "results that are too large",
      "SELECT zeroblob(134000000), zeroblob(134000000)",
      "exceeds limit of 134217728 bytes",
    ],
  ];
  for (const [what, statement, message] of refused) {
    it(`refuses ${what}`, async () => {
      const db = await inFile("refused").connect(signal);
      expect(await failure(db.execute(statement, [], signal)))
        .to.have.property("message")
        .that.includes(message);
    });
  }

  it("can still be tidied up", async () => {
    const db = await inFile("vacuum").connect(signal);
    expect(await db.execute("VACUUM", [], signal)).to.deep.equal({ columns: [], rows: [] });
  });

  it("does not stop this thread while a statement runs", async () => {
    const db = await inFile("long").connect(signal);
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 5);
    const { rows } = await db.execute(LONG, [], signal);
    clearInterval(counting);
    expect(rows).to.deep.equal([[3_000_000n]]);
    expect(turns).to.be.greaterThan(5);
  });

  it("gives up a statement that takes too long, and serves the next connection", async () => {
    database = new SqliteDatabase({ label: "slow", path: join(folder, "slow.db"), statementMs: 150 });
    const [first, second] = [await database.connect(signal), await database.connect(signal)];
    const long = failure(first.execute(LONG, [], signal));
    const behind = failure(second.execute("SELECT 1", [], signal));
    for (const error of [await long, await behind]) {
      expect(error).to.have.property("code", "TIME_LIMIT");
    }
    expect(await failure(second.execute("SELECT 1", [], signal))).to.have.property("code", "TIME_LIMIT");
    second.close();
    const third = await database.connect(signal);
    expect((await third.execute("SELECT 1", [], signal)).rows).to.deep.equal([[1n]]);
  });

  it("starts no more threads when statements that do not end have taken some", async function () {
    this.timeout(120_000);
    database = new SqliteDatabase({ label: "stuck", path: join(folder, "stuck.db"), statementMs: 150 });
    const longer = LONG.replace("3000000", "6000000");
    for (let lost = 0; lost < 2; lost += 1) {
      const db = await database.connect(signal);
      await failure(db.execute(longer, [], signal));
    }
    expect(await failure(database.connect(signal)))
      .to.have.property("message")
      .that.includes("hold it up");
    await freePlace(database); // They do end here.
  });

  it("ends its thread when nobody is connected, and starts another", async () => {
    database = new SqliteDatabase({ label: "idle", path: join(folder, "idle.db"), idleMs: 1 });
    const first = await database.connect(signal);
    await first.execute("CREATE TABLE t (a)", [], signal);
    first.close();
    await delay(50);
    const second = await database.connect(signal);
    expect((await second.execute("SELECT * FROM t", [], signal)).rows).to.deep.equal([]);
    second.close();
  });

  it("opens nothing that stays open while another process keeps the file to itself", async () => {
    const path = join(folder, "locked.db");
    const program = `const { DatabaseSync } = require("node:sqlite");
      const db = new DatabaseSync(process.argv[1]);
      db.exec("CREATE TABLE t (a); BEGIN EXCLUSIVE");
      process.stdout.write("locked");
      process.stdin.on("end", () => db.exec("COMMIT")).resume();`;
    const other = spawn(process.execPath, ["-e", program, path], { stdio: ["pipe", "pipe", "ignore"] });
    try {
      await once(other.stdout, "data");
      database = new SqliteDatabase({ label: "locked", path });
      const connecting = database.connect(signal);
      for (let look = 0; look < 20; look += 1) {
        await delay(20);
        expect(descriptorsOf(path)).to.be.lessThan(3);
      }
      other.stdin.end();
      const db = await connecting;
      expect((await db.execute("SELECT count(*) FROM t", [], signal)).rows).to.deep.equal([[0n]]);
    } finally {
      other.kill();
    }
  });

  it("says why it cannot be opened", async () => {
    database = new SqliteDatabase({ label: "beneath", path: join(import.meta.filename, "sql.db") });
    const beneath = await failure(database.connect(signal));
    expect(beneath).to.have.property("code", "FAILED");
    expect(beneath)
      .to.have.property("message")
      .that.matches(/^Cannot use the database "beneath": its folder cannot be made \(E\w+\)/);
    database = new SqliteDatabase({ label: "folder", path: folder });
    const error = await failure(database.connect(signal));
    expect(error).to.have.property("code", "FAILED");
    expect(error)
      .to.have.property("message")
      .that.includes('Cannot use the database "folder": unable to open database file');
  });
});

/** How many of this process are open for the file. */
function descriptorsOf(path: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => targetOf(fd) === path).length;
}

/** Another one may have been closed meanwhile. */
function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** Waits until a statement that nobody waits for any more has ended. */
async function freePlace(database: SqliteDatabase): Promise<void> {
  const endMs = performance.now() + 100_000;
  for (;;) {
    try {
      await database.connect(signal);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await delay(20);
    }
  }
}
