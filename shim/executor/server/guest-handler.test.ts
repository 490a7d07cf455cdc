import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { RequestHead } from "../host/http/messages.ts";
import type { HostServices } from "../host/services.ts";
import type { ClientAnswer } from "./answer.ts";
import { GuestHandler } from "./guest-handler.ts";
import type { InstancePool } from "./instance-pool.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { PodLog } from "./pod-log.ts";
import { type Visit, Visits } from "./visits.ts";

const LIMITS = { ...DEFAULT_LIMITS, maxConcurrent: 1 };
const HEAD = { method: { tag: "get" }, pathWithQuery: "/" } as RequestHead;

/** What becomes of requests, each by its name. */
class Scene {
  readonly log: string[] = [];
  waiting = 0;
  readonly visits: Visits;
  readonly #handler: GuestHandler;

  constructor(take: () => unknown, visits = new Visits(LIMITS, () => undefined)) {
    this.visits = visits;
    this.#handler = new GuestHandler({
      pool: { take, giveBack: () => undefined } as unknown as InstancePool,
      entry: {
        export: { interface: "", name: "" },
        admit: () => ({ services: {} as HostServices, enter: (func): unknown => func.call() }),
      },
      limits: LIMITS,
      log: new PodLog(() => undefined),
      visits,
    });
  }

  ask(name: string): void {
    const answer = this.#answer(name);
    this.visits.ask(answer, () => this.#handler.start(HEAD, answer));
  }

  #answer(name: string): ClientAnswer {
    return {
      isSet: true,
      isGone: () => false,
      onGone: () => (this.waiting += 1),
      isBroken: () => false,
      isWhole: () => true,
      refuse: (status: number, text: string) => void this.log.push(`${name} ${status} ${text}`),
    } as unknown as ClientAnswer;
  }
}

/** Guests whose calls end when and as they are told. */
function guestsOf(calls: readonly unknown[]): () => unknown {
  const left = [...calls];
  return () => {
    if (left.length === 0) throw new Error("memory is short");
    const call = left.shift();
    return { entry: { call: () => call }, instance: { dispose: () => undefined } };
  };
}

describe("GuestHandler", () => {
  it("lets a whole line come and go when no guest can be made any more", async () => {
    const first = Promise.withResolvers<undefined>();
    const scene = new Scene(guestsOf([first.promise]));
    for (let name = 0; name <= 1024; name += 1) scene.ask(String(name));
    while (scene.waiting < 1024) await nextTurn();
    first.resolve(undefined);
    await scene.visits.idle();
    expect(scene.log).to.have.length(1024);
    expect(new Set(scene.log.map((line) => line.replace(/^\d+ /, "")))).to.deep.equal(
      new Set(["500 Internal Server Error"]),
    );
  });

  it("has a visit end once, whatever comes after it", () => {
    const ended: Visit[] = [];
    class Failing extends Visits {
      override end(visit: Visit): void {
        super.end(visit);
        ended.push(visit);
        if (ended.length === 1) throw new Error("of somebody else");
      }
    }
    const scene = new Scene(guestsOf([undefined]), new Failing(LIMITS, () => undefined));
    expect(() => {
      scene.ask("a");
    }).to.throw("of somebody else");
    expect([ended.length, scene.log]).to.deep.equal([1, []]);
  });

  it("ends who is inside and turns away who waits when all are ended", async () => {
    const scene = new Scene(guestsOf([Promise.withResolvers<undefined>().promise]));
    for (const name of ["a", "b"]) scene.ask(name);
    await nextTurn();
    scene.visits.endAll(new Error("the program stops"));
    scene.ask("c");
    await nextTurn();
    expect(scene.log).to.deep.equal(["b 503 The program stops", "c 503 The program stops"]);
  });
});
