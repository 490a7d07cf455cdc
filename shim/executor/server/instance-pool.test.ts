import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { Instance, Linked } from "../component/host-interface.ts";
import type { HostServices } from "../host/services.ts";
import { HostState } from "../host/state.ts";
import { InstancePool } from "./instance-pool.ts";

const ENTRY = { interface: "a:b/c", name: "run" };

interface Made {
  readonly pool: InstancePool;
  readonly log: string[];
}

function poolOf(reset: Linked<HostState>["reset"], canReset: () => boolean): Made {
  const log: string[] = [];
  let made = 0;
  function instantiate(state: HostState): Instance<HostState> {
    made += 1;
    const name = String(made);
    log.push(`make ${name}`);
    return {
      state,
      func: () => ({ call: () => name }),
      memoryBytes: () => 0,
      reset: canReset,
      dispose: () => void log.push(`dispose ${name}`),
    };
  }
  const pool = new InstancePool({ linked: { exports: [], reset, instantiate }, entry: ENTRY, startState: newState });
  return { pool, log };
}

function newState(): HostState {
  return new HostState({} as HostServices, { deadlineMs: 0, computeMs: 0 });
}

describe("InstancePool", () => {
  it("gives an instance that was put back to the next request", () => {
    const { pool, log } = poolOf({ kind: "allowed" }, () => true);
    for (let request = 0; request < 3; request += 1) pool.giveBack(pool.take(newState()));
    expect(log).to.deep.equal(["make 1"]);
  });

  it("makes another one, before there is a request for it, where one cannot be put back", async () => {
    const { pool, log } = poolOf({ kind: "allowed" }, () => false);
    pool.giveBack(pool.take(newState()));
    expect(log).to.deep.equal(["make 1", "dispose 1"]);
    await nextTurn();
    await nextTurn();
    expect(log).to.deep.equal(["make 1", "dispose 1", "make 2"]);
    expect(pool.take(newState()).entry.call()).to.equal("2");
  });

  it("makes some ahead where none can ever be put back", async () => {
    const { pool, log } = poolOf({ kind: "refused", reason: "tables" }, () => true);
    pool.warm();
    for (let turn = 0; turn < 8; turn += 1) await nextTurn();
    expect(log).to.deep.equal(["make 1", "make 2", "make 3", "make 4"]);
    pool.giveBack(pool.take(newState()));
    expect(log).to.include("dispose 4");
    pool.shrink(1);
    expect(log.filter((line) => line.startsWith("dispose"))).to.have.length(3);
  });
});
