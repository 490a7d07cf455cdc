import { closeSync, openSync } from "node:fs";
import { expect } from "chai";
import { Readiness } from "./readiness.ts";

const NEVER = new AbortController().signal;

/** What runc does: the program gets a descriptor of its own. */
function programOf({ fd }: Readiness): number {
  return openSync(`/proc/self/fd/${String(fd)}`, "w");
}

describe("Readiness", () => {
  it("waits until the program closes its end", async () => {
    const readiness = new Readiness();
    const program = programOf(readiness);
    readiness.handedOver();
    let isReady = false;
    const waiting = readiness.wait(NEVER).then(() => (isReady = true));
    await new Promise(setImmediate);
    expect(isReady).to.equal(false);
    closeSync(program);
    expect(await waiting).to.equal(true);
  });

  it("waits no longer than the one who asked", async () => {
    const readiness = new Readiness();
    const program = programOf(readiness);
    readiness.handedOver();
    const call = new AbortController();
    const waiting = readiness.wait(call.signal);
    call.abort();
    await waiting;
    closeSync(program);
  });

  it("can be given up before the program has it, and then waits for nothing", async () => {
    const readiness = new Readiness();
    readiness.close();
    readiness.close();
    await readiness.wait(NEVER);
  });
});
