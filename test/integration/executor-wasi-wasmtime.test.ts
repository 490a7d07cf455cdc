import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildRustGuest } from "../support/rust-guest.ts";
import { DIFFERENCES } from "./executor-wasi-differences.ts";
import {
  type Guest,
  type Run,
  complaintsOf,
  guestFor,
  runInExecutor,
  runInWasmtime,
} from "./executor-wasi-wasmtime.ts";

const BUILD_MS = 900_000;
/** The guest's tables of calls, and how many lines each says at least, without IPv6: none is to become empty unseen. */
const TABLES = {
  paths: 1600,
  "two-paths": 1500,
  flags: 1100,
  descriptors: 350,
  times: 190,
  streams: 80,
  clocks: 30,
  names: 46,
  tcp: 210,
  "tcp-streams": 30,
  "tcp-options": 310,
  udp: 150,
  "udp-datagrams": 25,
} as const;
const EXITS = ["exit ok", "exit error", "42", "255"];
const TRAPS = [
  "poll nothing",
  "write zeroes more than permitted",
  "write-zeroes of all",
  "blocking-write-and-flush 4097",
  "blocking-write-zeroes-and-flush 4097",
  "random too large",
  "send without a permit",
] as const;
/** Calls that one of the two lets pass. */
const TRAPS_OF_ONE = [
  ["write more than permitted", "ours", "the stream of a file takes what it is given in wasmtime"],
  ["stream dropped before its pollable", "theirs", "the interface says that a host may trap: ours keeps the pollable"],
] as const;

describe("wasmtime and the executor, as hosts of a command", function () {
  this.timeout(BUILD_MS);
  let folder: string;
  let guest: Guest;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rcm-wasi-hosts-"));
    guest = await guestFor(join(await buildRustGuest("rust-wasi"), "rust-wasi.wasm"), folder);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function inBoth(args: readonly string[]): Promise<[ours: Run, theirs: Run]> {
    return Promise.all([runInExecutor(guest, args), runInWasmtime(guest, args)]);
  }

  for (const [table, leastLines] of Object.entries(TABLES)) {
    it(`give the same answers to the calls of "${table}"`, async () => {
      const [ours, theirs] = await inBoth([table]);
      expect(ours.end, ours.errors).to.equal("exit 0");
      expect(theirs.end, theirs.errors).to.equal("exit 0");
      expect(ours.lines.length).to.be.at.least(leastLines);
      const listed = DIFFERENCES.filter((difference) => difference.table === table);
      expect(complaintsOf(ours, theirs, listed)).to.deep.equal([]);
    });
  }

  it("give a command its surroundings, and end with its code", async () => {
    const listed = DIFFERENCES.filter((difference) => difference.table === "cli");
    for (const exit of EXITS) {
      const [ours, theirs] = await inBoth(["cli", exit]);
      expect(complaintsOf(ours, theirs, listed)).to.deep.equal([]);
      expect(ours.end, ours.errors).to.match(/^exit /);
      expect(ours.end, exit).to.equal(theirs.end);
    }
  });

  it("trap at the same calls, after the same lines", async () => {
    for (const name of TRAPS) {
      const [ours, theirs] = await inBoth(["trap", name]);
      expect([ours.lines, ours.end], `${name}: ${ours.errors}`).to.deep.equal([[`begins => ${name}`], "trap"]);
      expect([theirs.lines, theirs.end], `${name}: ${theirs.errors}`).to.deep.equal([[`begins => ${name}`], "trap"]);
    }
  });

  for (const [name, host, why] of TRAPS_OF_ONE) {
    it(`do not both trap at "${name}": ${why}`, async () => {
      const [ours, theirs] = await inBoth(["trap", name]);
      expect([ours.end, theirs.end], ours.errors + theirs.errors).to.deep.equal(
        host === "ours" ? ["trap", "exit 0"] : ["exit 0", "trap"],
      );
    });
  }
});
