import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { MessageChannel } from "node:worker_threads";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type SqlReply, type SqlRequest, SqlWorker } from "./sql-worker.ts";

const MAX_RESULT_BYTES = 100_000;

/** What a worker in this thread answers. */
async function execute(statement: string): Promise<SqlReply | undefined> {
  const { port1, port2 } = new MessageChannel();
  const settings = {
    path: ":memory:",
    maxResultBytes: MAX_RESULT_BYTES,
    maxStatementBytes: 1000,
    denied: { attach: 24, pragma: 19, pragmas: [] },
  };
  const worker = new SqlWorker(port1, DatabaseSync, settings);
  const requests: SqlRequest[] = [
    { kind: "open", id: 0, connection: 0 },
    { kind: "execute", id: 1, connection: 0, statement, parameters: [] },
  ];
  const replies: SqlReply[] = [];
  try {
    for (const request of requests) {
      port2.postMessage(request);
      replies.push(...((await once(port2, "message")) as SqlReply[]));
    }
  } finally {
    port2.close();
  }
  expect(worker).to.be.instanceOf(SqlWorker);
  return replies[1];
}

/** `count` rows of `columns`. */
function rowsOf(count: number, columns: string): string {
  return `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT ${columns} FROM n`;
}

describe("SqlWorker", () => {
  const results: readonly (readonly [what: string, statement: string, fits: boolean])[] = [
    ["rows of one number", rowsOf(609, "i"), true],
    ["more rows of one number than that", rowsOf(610, "i"), false],
    ["rows of many nulls", rowsOf(135, "null, null, null, null, null, null, null, null, null, null"), true],
    [
      "more rows of many nulls than that",
      rowsOf(136, "null, null, null, null, null, null, null, null, null, null"),
      false,
    ],
    ["a text", "SELECT printf('%.*c', 49918, 'x')", true],
    ["a text that takes two bytes a character", "SELECT printf('%.*c', 49919, 'x')", false],
    ["bytes", "SELECT zeroblob(99836)", true],
    ["more bytes than that", "SELECT zeroblob(99837)", false],
  ];
  for (const [what, statement, fits] of results) {
    it(`${fits ? "gives" : "refuses"} ${what}`, async () => {
      expect(await execute(statement)).to.have.property(fits ? "result" : "message");
    });
  }
});
