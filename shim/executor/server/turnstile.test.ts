import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { Turnstile } from "./turnstile.ts";

interface Scene {
  readonly turnstile: Turnstile;
  readonly log: string[];
  readonly ask: (name: string) => void;
}

function scene(waitMs = 60_000): Scene {
  const turnstile = new Turnstile({ maxInside: 2, maxWaiting: 2, waitMs });
  const log: string[] = [];
  function ask(name: string): void {
    turnstile.ask(
      () => log.push(`${name} in`),
      () => log.push(`${name} away`),
    );
  }
  return { turnstile, log, ask };
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

  it("turns away who has waited too long", async () => {
    const { turnstile, log, ask } = scene(10);
    for (const name of ["a", "b", "c"]) ask(name);
    await delay(50);
    expect(log).to.deep.equal(["a in", "b in", "c away"]);
    turnstile.leave();
    expect([turnstile.inside, turnstile.waiting]).to.deep.equal([1, 0]);
  });
});
