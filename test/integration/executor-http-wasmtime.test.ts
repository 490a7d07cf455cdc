import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { eventually } from "../support/kubectl.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { ASKS, LOGGED, RULES } from "./executor-http-cases.ts";
import { DIFFERENCES } from "./executor-http-differences.ts";
import { answerOf, type Host, serveByExecutor, serveByWasmtime } from "./executor-http-hosts.ts";
import { createUpstream } from "./executor-http-upstream.ts";

/** The traps of WIT, and how the executor says what was wrong. */
const TRAPS = [
  ["body-finish-stream-open", "Cannot finish the body: its stream is still open"],
  ["body-drop-stream-open", "Cannot drop the body: its stream is still open"],
  ["out-finish-stream-open", "Cannot finish the body: its stream is still open"],
  ["out-drop-stream-open", "Cannot drop the body: its stream is still open"],
  ["answer-twice", "handle 2 is not open"],
  ["answer-dropped", "The guest returned without an answer"],
] as const;

const LINE_MS = 10_000;

describe("wasi:http in the executor and in wasmtime", () => {
  let upstream: Server;
  let executor: Host;
  let wasmtime: Host;
  let authority: string;

  before(async function () {
    this.timeout(600_000);
    const component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    upstream = createUpstream();
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    authority = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    [executor, wasmtime] = await Promise.all([serveByExecutor(component), serveByWasmtime(component)]);
  });
  after(async () => {
    await Promise.all([executor.stop(), wasmtime.stop()]);
    upstream.closeAllConnections();
    upstream.close();
  });

  const cases = [
    ...RULES.map((rule) => [rule, () => `/rules?${rule}`] as const),
    ...ASKS.map((ask) => [`@${ask}`, () => `/asking?${ask},${authority}`] as const),
  ];
  for (const [name, path] of cases) {
    const difference = DIFFERENCES[name];
    it(difference === undefined ? `is the same: ${name}` : `differs in ${name}: ${difference.reason}`, async () => {
      const [ours, theirs] = await Promise.all([answerOf(executor, path()), answerOf(wasmtime, path())]);
      expect(ours.join("\n")).not.to.include("no case");
      if (difference === undefined) {
        expect(ours).to.deep.equal(theirs);
        return;
      }
      expect(ours).not.to.deep.equal(theirs);
      expect(ours.filter((line) => !theirs.includes(line))).to.deep.equal(difference.executor);
      expect(theirs.filter((line) => !ours.includes(line))).to.deep.equal(difference.wasmtime);
    });
  }

  it("knows each difference by a case", () => {
    const names: ReadonlySet<string> = new Set(cases.map(([name]) => name));
    expect(Object.keys(DIFFERENCES).filter((name) => !names.has(name))).to.deep.equal([]);
  });

  it("gives the same for bodies that are not as long as they should be", async () => {
    for (const name of LOGGED) {
      const [ours, theirs] = await Promise.all([executor, wasmtime].map(async (host) => wholeLineOf(host, name)));
      expect(ours).to.equal(theirs);
    }
  });

  for (const [name, reason] of TRAPS) {
    it(`says in the log why a guest was ended: ${name}`, async () => {
      await answerOf(executor, `/rules?${name}`);
      expect(await lineOf(executor, `"path":"/rules[?]${name}","status":500,"reason":"`)).to.equal(`${reason}"}`);
    });
  }
});

/**
 * What the guest says of that case. wasmtime writes its own lines in between, sometimes into the midst of this one: then the
 * guest is asked again.
 */
async function wholeLineOf(host: Host, name: string): Promise<string> {
  const line = new RegExp(`${name}: (write .*[)][.])$`, "m");
  return eventually(name, LINE_MS, async () => {
    const found = line.exec(host.log())?.[1];
    if (found === undefined) await answerOf(host, `/rules?${name}`);
    return found;
  });
}

/** What stands after `begin`, a pattern, in the log of the host. */
async function lineOf(host: Host, begin: string): Promise<string> {
  const line = new RegExp(`${begin}(.*)`);
  return eventually(begin, LINE_MS, async () => Promise.resolve(line.exec(host.log())?.[1]));
}
