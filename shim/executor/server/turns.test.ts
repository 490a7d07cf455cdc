import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { Turns } from "./turns.ts";

const LONG_MS = 2;

describe("Turns", () => {
  it("begins work at once while a turn has time, and each in the turn after a long one, in order", async () => {
    const turns = new Turns();
    const begun: string[] = [];
    for (const name of ["short", "long", "longer", "last"]) {
      turns.begin(() => {
        begun.push(name);
        if (name.startsWith("long")) spend(LONG_MS);
      });
    }
    expect(begun).to.deep.equal(["short", "long"]);
    await nextTurn();
    expect(begun).to.deep.equal(["short", "long", "longer"]);
    turns.begin(() => begun.push("later"));
    expect(begun, "nobody overtakes").to.have.length(3);
    await nextTurn();
    expect(begun.slice(3)).to.deep.equal(["last", "later"]);
  });

  it("lets what one has left to its promises be done before the next one begins", async () => {
    const turns = new Turns();
    const log: string[] = [];
    turns.begin(() => {
      spend(LONG_MS);
    });
    for (const name of ["a", "b"]) {
      turns.begin(() => {
        log.push(name);
        void Promise.resolve().then(() => log.push(`end of ${name}`));
      });
    }
    await nextTurn();
    await nextTurn();
    expect(log).to.deep.equal(["a", "end of a", "b", "end of b"]);
  });
});

function spend(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
