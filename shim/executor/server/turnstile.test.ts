import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { Turnstile } from "./turnstile.ts";

interface Scene {
  readonly turnstile: Turnstile;
  readonly log: string[];
  readonly ask: (name: string) => void;
  readonly go: (name: string) => void;
}

function scene(waitMs = 60_000): Scene {
  const turnstile = new Turnstile({ maxInside: 2, maxWaiting: 2, waitMs });
  const log: string[] = [];
  const going = new Map<string, () => void>();
  function ask(name: string): void {
    turnstile.ask({
      enter: () => log.push(`${name} in`),
      refuse: () => log.push(`${name} away`),
      onGone: (listener) => going.set(name, listener),
    });
  }
  return { turnstile, log, ask, go: (name) => going.get(name)?.() };
}

describe("Turnstile", () => {
  it("lets so many in, has so many wait in line, and turns the others away", () => {
    const { turnstile, log, ask } = scene();
    for (const name of ["a", "b", "c", "d", "e"]) ask(name);
    expect(log).to.deep.equal(["a in", "b in", "e away"]);
    expect([turnstile.inside, turnstile.waiting]).to.deep.equal([2, 2]);
    for (let left = 0; left < 4; left += 1) turnstile.leave();
    expect(log.slice(3)).to.deep.equal(["c in", "d in"]);
    expect([turnstile.inside, turnstile.waiting]).to.deep.equal([0, 0]);
    ask("f");
    expect(log.at(-1)).to.equal("f in");
  });

  it("gives the place of who does not wait any more to others", () => {
    const { turnstile, log, ask, go } = scene();
    for (const name of ["a", "b", "c", "d"]) ask(name);
    go("c");
    expect(turnstile.waiting).to.equal(1);
    ask("e");
    go("d");
    turnstile.leave();
    go("e"); // It is in.
    expect(log).to.deep.equal(["a in", "b in", "e in"]);
    expect([turnstile.inside, turnstile.waiting]).to.deep.equal([2, 0]);
  });

  it("turns away who has waited too long", async () => {
    const { turnstile, log, ask } = scene(10);
    for (const name of ["a", "b", "c"]) ask(name);
    await delay(50);
    expect(log).to.deep.equal(["a in", "b in", "c away"]);
    turnstile.leave();
    expect([turnstile.inside, turnstile.waiting]).to.deep.equal([1, 0]);
  });

  it("turns away who waits and who asks once it is closed, and nobody takes the place of who leaves", async () => {
    const { turnstile, log, ask } = scene(10);
    for (const name of ["a", "b", "c", "d"]) ask(name);
    turnstile.close();
    ask("e");
    turnstile.leave();
    ask("f");
    await delay(50);
    expect(log).to.deep.equal(["a in", "b in", "c away", "d away", "e away", "f away"]);
    expect([turnstile.inside, turnstile.waiting, turnstile.isClosed]).to.deep.equal([1, 0, true]);
  });

  it("has a line of any length come and go in one moment", () => {
    const turnstile = new Turnstile({ maxInside: 1, maxWaiting: 100_000, waitMs: 60_000 });
    let visits = 0;
    const visitor = { refuse: () => undefined, onGone: () => undefined };
    turnstile.ask({ ...visitor, enter: () => undefined });
    for (let waiting = 0; waiting < 20_000; waiting += 1) {
      turnstile.ask({
        ...visitor,
        enter: () => {
          visits += 1;
          turnstile.leave();
        },
      });
    }
    turnstile.leave();
    expect([visits, turnstile.inside, turnstile.waiting]).to.deep.equal([20_000, 0, 0]);
  });
});
