import { expect } from "chai";
import { describe, it } from "mocha";
import { whileBusy } from "./sqlite-error.ts";

const { signal } = new AbortController();

/** As `node:sqlite` throws it: with SQLite's code and its details. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("of SQLite"), { code: "ERR_SQLITE_ERROR", errcode });
}

/** What comes of work that fails twice so, and how often it was done. */
async function tried(error: Error): Promise<{ readonly result: unknown; readonly count: number }> {
  let count = 0;
  function work(): string {
    count += 1;
    if (count <= 2) throw error;
    return "done";
  }
  try {
    return { result: await whileBusy("use it", work, signal), count };
  } catch (reason) {
    return { result: reason, count };
  }
}

describe("whileBusy()", () => {
  for (const [name, errcode] of [
    ["SQLITE_BUSY", 5],
    ["SQLITE_BUSY_RECOVERY", 261],
    ["SQLITE_BUSY_TIMEOUT", 773],
  ] as const) {
    it(`does the work again for ${name}`, async () => {
      expect(await tried(sqliteError(errcode))).to.deep.equal({ result: "done", count: 3 });
    });
  }

  for (const [name, errcode, code, message] of [
    ["SQLITE_BUSY_SNAPSHOT", 517, "FAILED", /^Cannot use it: of SQLite$/],
    ["SQLITE_FULL", 13, "FULL", /: make room/],
    ["SQLITE_IOERR_SHMSIZE", 4874, "FULL", /: make room/],
    ["SQLITE_IOERR_READ", 266, "FAILED", /^Cannot use it: of SQLite$/],
    ["SQLITE_CANTOPEN_ISDIR", 526, "FAILED", /must be able to write/],
    ["SQLITE_READONLY_DIRECTORY", 1544, "FAILED", /must be able to write/],
    ["SQLITE_CORRUPT_INDEX", 779, "FAILED", /put back a copy/],
    ["SQLITE_NOTADB", 26, "FAILED", /put back a copy/],
  ] as const) {
    it(`fails with ${name} at once, and says what to do if it is known`, async () => {
      const { result, count } = await tried(sqliteError(errcode));
      expect(count).to.equal(1);
      expect(result).to.have.property("code", code);
      expect(result).to.have.property("message").that.matches(message);
    });
  }
});
