import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "@rcm/lib/errors";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { SqliteFile } from "./sqlite-file.ts";
import { SqliteKeyValue, keyValueFile } from "./sqlite-key-value.ts";

const { signal } = new AbortController();

function bytes(...values: readonly number[]): Uint8Array {
  return new Uint8Array(values);
}

describe("SqliteKeyValue", () => {
  let folder: string;
  let path: string;
  let file: SqliteFile;
  let store: SqliteKeyValue;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-kv-"));
    path = join(folder, "state", "kv.db");
    file = keyValueFile(path);
    store = new SqliteKeyValue(file, "default");
  });
  afterEach(() => {
    file[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  it("makes no file before it is used", () => {
    expect(() => new DatabaseSync(path, { readOnly: true })).to.throw();
  });

  it("keeps values of any bytes under keys of any characters", async () => {
    for (const key of ["", "k", "käse\0🧀", "'; DROP TABLE spin_key_value; --"]) {
      await store.set(key, bytes(0, 255), signal);
      expect(await store.get(key, signal)).to.deep.equal(bytes(0, 255));
      await store.set(key, bytes(), signal);
      expect(await store.get(key, signal)).to.deep.equal(bytes());
      expect(await store.exists(key, signal)).to.equal(true);
      await store.delete(key, signal);
      await store.delete(key, signal);
      expect(await store.get(key, signal)).to.equal(undefined);
      expect(await store.exists(key, signal)).to.equal(false);
    }
  });

  it("keeps the stores of one file apart, and gives them back after a restart", async () => {
    const other = new SqliteKeyValue(file, "other");
    await store.set("k", bytes(1), signal);
    await other.set("k", bytes(2), signal);
    file[Symbol.dispose]();
    const again = keyValueFile(path);
    expect(await new SqliteKeyValue(again, "default").get("k", signal)).to.deep.equal(bytes(1));
    expect(await new SqliteKeyValue(again, "other").keys(signal)).to.deep.equal(["k"]);
    again[Symbol.dispose]();
  });

  it("says that its folder cannot be made, and not where it is", async () => {
    using beneath = keyValueFile(join(import.meta.filename, "state", "kv.db"));
    const error: unknown = await new SqliteKeyValue(beneath, "mine")
      .get("k", signal)
      .catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "FAILED");
    expect(messageOf(error))
      .to.match(/^Cannot use the key-value store "mine": its folder cannot be made \(E\w+\): the user of the pod/)
      .and.not.include(import.meta.filename);
  });

  it("lists more keys than it reads at once", async () => {
    const keys = Array.from({ length: 2500 }, (_value, index) => `key-${index}`);
    await store.setMany([["", bytes()], ...keys.map((key) => [key, bytes()] as const)], signal);
    expect(await store.keys(signal)).to.have.members(["", ...keys]);
  });

  it("reads, writes and deletes many, all or none", async () => {
    await store.setMany(
      [
        ["a", bytes(1)],
        ["b", bytes(2)],
      ],
      signal,
    );
    expect(await store.getMany(["b", "c", "a"], signal)).to.deep.equal([bytes(2), undefined, bytes(1)]);
    const invalid = "no bytes" as unknown as Uint8Array;
    const failed = store.setMany(
      [
        ["a", bytes(9)],
        ["b", Symbol(invalid.toString()) as unknown as Uint8Array],
      ],
      signal,
    );
    expect(await failed.catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(await store.get("a", signal)).to.deep.equal(bytes(1));
    await store.deleteMany(["a", "c"], signal);
    expect(await store.keys(signal)).to.deep.equal(["b"]);
  });

  it("counts in 64 bits, from 0, and keeps numbers as Spin does", async () => {
    expect(await store.increment("n", 258n, signal)).to.equal(258n);
    expect(await store.get("n", signal)).to.deep.equal(bytes(2, 1, 0, 0, 0, 0, 0, 0));
    expect(await store.increment("n", -259n, signal)).to.equal(-1n);
    const tooMuch = await store.increment("n", -(2n ** 63n), signal).catch((error: unknown) => error);
    expect(tooMuch).to.have.property("message").that.includes("does not fit into 64 bits");
    await store.set("text", bytes(1), signal);
    const noNumber = await store.increment("text", 1n, signal).catch((error: unknown) => error);
    expect(noNumber).to.have.property("message").that.includes("it has 1 bytes, and a number has 8");
  });

  it("swaps a value only for one that was not changed", async () => {
    const swap = { key: "k", value: bytes(2) };
    expect(await store.compareAndSwap({ ...swap, expected: bytes(1) }, signal)).to.equal(false);
    expect(await store.compareAndSwap({ ...swap, expected: undefined }, signal)).to.equal(true);
    expect(await store.compareAndSwap({ ...swap, expected: undefined }, signal)).to.equal(false);
    expect(await store.compareAndSwap({ ...swap, value: bytes(3), expected: bytes(2) }, signal)).to.equal(true);
    expect(await store.get("k", signal)).to.deep.equal(bytes(3));
  });

  describe("while another process writes to its file", () => {
    let other: DatabaseSync;

    beforeEach(async () => {
      await store.set("k", bytes(1), signal);
      other = new DatabaseSync(path);
      other.exec("BEGIN IMMEDIATE");
    });
    afterEach(() => {
      other.close();
    });

    it("reads, and writes when it can, without stopping the thread", async () => {
      const writing = store.set("k", bytes(2), signal);
      let turns = 0;
      while (turns < 20) {
        turns += 1;
        await new Promise(setImmediate);
      }
      expect(await store.get("k", signal)).to.deep.equal(bytes(1));
      other.exec("COMMIT");
      await writing;
      expect(await store.get("k", signal)).to.deep.equal(bytes(2));
    });

    it("gives up when the guest has ended", async () => {
      const guest = new AbortController();
      const writing = store.set("k", bytes(2), guest.signal).catch((error: unknown) => error);
      await new Promise(setImmediate);
      guest.abort(new Error("ended"));
      expect(await writing).to.have.property("name", "AbortError");
    });
  });
});
