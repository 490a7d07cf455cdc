import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { buildSpinApp } from "../guests/spin-app.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { type Answer, exchange } from "../support/http-exchange.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const KEY_VALUE = "sqlite_key_value.db";
const DATABASE = "sqlite_db.db";
/** Long enough for a request to be there, and far from the 5 s after which it is given up. */
const LOCKED_MS = 300;
const SMALL = "size=1m";

/** Needs root, for mounts. */
describe("executor up, with files of stores that are not as they should be", function suite() {
  this.timeout(60_000);
  let app: string;
  let folder: SpinFolder;
  let state: string;
  let executor: ExecutorProcess | undefined = undefined;
  let port: number;

  before(async function () {
    this.timeout(900_000);
    app = await buildSpinApp("rust-spin");
  });
  beforeEach(() => {
    folder = new SpinFolder();
    state = join(folder.path, "state");
    mkdirSync(state);
  });
  afterEach(async () => {
    await executor?.stop();
    executor = undefined;
    folder[Symbol.dispose]();
  });

  async function start(): Promise<void> {
    executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", "--state-dir", state, app]);
    port = await executor.port();
  }

  async function put(key: string, body: string): Promise<Answer> {
    return exchange({ port, path: `/key-value/${key}`, method: "PUT", body });
  }

  async function get(path: string): Promise<Answer> {
    return exchange({ port, path });
  }

  async function insert(body: string): Promise<Answer> {
    return exchange({ port, path: "/sqlite", body });
  }

  async function expectFine(): Promise<void> {
    expect(await get("/hello")).to.include({ status: 200, body: "hello from rust\n" });
  }

  it("tells the guest that the disk is full, gives what is stored, and goes on when there is room", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", SMALL, "tmpfs", state]);
    try {
      writeFileSync(join(state, "large"), Buffer.alloc(512 << 10));
      await start();
      expect((await insert("a note")).body).to.equal("1\n");
      const first = await untilFailure(async (turn) => put(String(turn), "x".repeat(50_000)));
      expect(first.status).to.equal(500);
      expect(first.body).to.match(
        /key-value store \\"default\\": database or disk is full: make room where its file is/,
      );
      const other = await untilFailure(async () => insert("y".repeat(50_000)));
      expect(other.body).to.equal("Error::DatabaseFull\n");
      expect((await get("/key-value/0")).body).to.have.length(50_000);
      await expectFine();
      rmSync(join(state, "large"));
      expect(await put("more", "z".repeat(50_000))).to.include({ status: 200 });
      expect(await insert("z".repeat(50_000))).to.include({ status: 200 });
      expect((await get("/sqlite")).body).to.include("1 a note\n");
    } finally {
      await executor?.stop();
      executor = undefined;
      execFileSync("umount", [state]);
    }
  });

  it("waits for another process that writes to a file, reads meanwhile, and gives up after 5 s", async () => {
    async function storeBoth(): Promise<readonly Answer[]> {
      return Promise.all([put("a", "new"), insert("new")]);
    }
    await start();
    await put("a", "old");
    await insert("old");
    using keyValue = new DatabaseSync(join(state, KEY_VALUE), { timeout: 5000 });
    using database = new DatabaseSync(join(state, DATABASE), { timeout: 5000 });
    const others = [keyValue, database];
    for (const other of others) other.exec("BEGIN IMMEDIATE");
    const storing = storeBoth();
    expect(await Promise.race([storing.then(() => "done"), delay(LOCKED_MS, "waits")])).to.equal("waits");
    expect((await get("/key-value/a")).body).to.equal("old");
    expect((await get("/sqlite")).body).to.equal("1 old\n");
    await expectFine();
    for (const other of others) other.exec("COMMIT");
    for (const answer of await storing) expect(answer).to.include({ status: 200 });
    for (const other of others) other.exec("BEGIN IMMEDIATE");
    const [ofKeyValue, ofDatabase] = await storeBoth();
    expect(ofKeyValue?.body).to.include(String.raw`key-value store \"default\": database is locked`);
    expect(ofDatabase?.body).to.include(String.raw`database \"default\": database is locked`);
    for (const other of others) other.exec("COMMIT");
    for (const answer of await storeBoth()) expect(answer).to.include({ status: 200 });
    expect((await get("/sqlite")).body).to.equal("1 old\n2 new\n3 new\n");
  });

  it("tells the guest that a file is damaged, and uses another one in its place", async () => {
    for (const file of [KEY_VALUE, DATABASE]) writeFileSync(join(state, file), Buffer.alloc(9000, "no database "));
    await start();
    const remedy = "file is not a database: put back a copy of its file, or take the file away";
    for (const [answer, name] of [
      [await put("a", "one"), "key-value store"],
      [await insert("one"), "database"],
    ] as const) {
      expect(answer.status).to.equal(500);
      expect(answer.body).to.include(String.raw`Cannot use the ${name} \"default\": ${remedy}`);
    }
    await expectFine();
    for (const file of [KEY_VALUE, DATABASE]) rmSync(join(state, file));
    expect(await put("a", "one")).to.include({ status: 200 });
    expect((await get("/key-value/a")).body).to.equal("one");
    expect((await insert("one")).body).to.equal("1\n");
  });

  it("tells the guest of damage within a file", async () => {
    await start();
    for (let key = 0; key < 5; key += 1) await put(String(key), "x".repeat(10_000));
    await executor?.stop();
    const bytes = readFileSync(join(state, KEY_VALUE));
    writeFileSync(join(state, KEY_VALUE), bytes.fill(0x55, 4096));
    await start();
    const { status, body } = await get("/key-value/3");
    expect(status).to.equal(500);
    expect(body).to.include(String.raw`\"default\": database disk image is malformed: put back a copy`);
    await expectFine();
  });

  it("says at its start and to the guest that the folder for state is read-only", async () => {
    execFileSync("mount", ["--bind", state, state]);
    execFileSync("mount", ["-o", "remount,bind,ro", state]);
    try {
      await start();
      expect(executor?.log().find(({ message }) => message === "State cannot be kept")).to.include({
        level: "error",
        path: state,
      });
      for (const { status, body } of [await put("a", "one"), await insert("one")]) {
        expect(status).to.equal(500);
        expect(body).to.match(/\\"default\\": unable to open database file: the user of the pod must be able to write/);
      }
      await expectFine();
    } finally {
      await executor?.stop();
      executor = undefined;
      execFileSync("umount", [state]);
    }
  });
});

/** Stores until something goes wrong. */
async function untilFailure(store: (turn: number) => Promise<Answer>): Promise<Answer> {
  for (let turn = 0; turn < 100; turn += 1) {
    const answer = await store(turn);
    if (answer.status !== 200) return answer;
  }
  throw new Error("Cannot fill the disk");
}
