import { expect } from "chai";
import { describe, it } from "mocha";
import { HostError } from "./errors.ts";
import type { HostServices } from "./services.ts";
import { HostState } from "./state.ts";
import { type Waitable, Wakers } from "./waitable.ts";

/** All of the services that a state looks at. */
const SERVICES = { maxOpenObjects: 2, maxKeptBytes: 1000 } as unknown as HostServices;
const LONG_MS = 60_000;

function stateWith({ lifeMs = LONG_MS, computeMs = LONG_MS } = {}): HostState {
  return new HostState(SERVICES, { deadlineMs: performance.now() + lifeMs, computeMs });
}

class Switch implements Waitable {
  readonly wakers = new Wakers();
  isOn = false;

  isReady(): boolean {
    return this.isOn;
  }

  onReady(wake: () => void): () => void {
    return this.wakers.add(wake);
  }
}

describe("HostState", () => {
  it("waits until one of several is ready, however often it is woken before", async () => {
    const [left, right] = [new Switch(), new Switch()];
    let isOver = false;
    const waiting = stateWith()
      .wait([left, right])
      .then(() => (isOver = true));
    left.wakers.wakeAll();
    await new Promise(setImmediate);
    expect(isOver).to.equal(false);
    right.isOn = true;
    right.wakers.wakeAll();
    expect(await waiting).to.equal(true);
  });

  it("keeps so many bytes for a guest and no more", () => {
    const state = stateWith();
    state.countBytes(600);
    state.countBytes(400);
    state.countBytes(-1);
    state.countBytes(1);
    expect(() => {
      state.countBytes(1);
    }).to.throw(HostError, /more than 1000 bytes/);
    state.countBytes(-900);
    state.countBytes(800);
  });

  it("sends what is held before it waits, once", async () => {
    const state = stateWith();
    const ready = new Switch();
    ready.isOn = true;
    let sent = 0;
    state.holdUntilWait(() => (sent += 1));
    await state.wait([ready]);
    await state.wait([ready]);
    expect(sent).to.equal(1);
  });

  it("ends a guest that waits, with the first reason", async () => {
    const state = stateWith();
    const waiting = state.wait([new Switch()]).catch((reason: unknown) => reason);
    const reason = new Error("enough");
    state.end(reason);
    state.end(new Error("later"));
    expect(await waiting).to.equal(reason);
    expect(await state.wait([new Switch()]).catch((thrown: unknown) => thrown)).to.equal(reason);
  });

  it("ends a guest whose time is up while it waits", async () => {
    const error = await stateWith({ lifeMs: 20 })
      .wait([new Switch()])
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(HostError).and.have.property("code", "TIME_LIMIT");
  });

  it("counts computing, not pauses", () => {
    const state = stateWith({ computeMs: 100 });
    state.countComputed(1000);
    state.countComputed(1060);
    expect(state.sliceMs(1060)).to.equal(60);
    state.resumed();
    state.countComputed(5000);
    expect(state.sliceMs(5000)).to.equal(0);
    state.countComputed(5040);
    expect(() => {
      state.countComputed(5041);
    }).to.throw(HostError, /more than 100 ms/);
  });

  it("bounds what a guest has open", () => {
    const state = stateWith();
    state.countOpen();
    state.countOpen();
    expect(() => {
      state.countOpen();
    }).to.throw(HostError, /has 2 open/);
    state.countClosed();
    state.countOpen();
  });

  it("cleans up what was not taken back, once", () => {
    const state = stateWith();
    const log: string[] = [];
    state.onDispose(() => log.push("kept"));
    state.onDispose(() => log.push("taken back"))();
    state.dispose();
    state.dispose();
    expect(log).to.deep.equal(["kept"]);
  });

  it("waits for a promise, and passes on what it becomes", async () => {
    const state = stateWith();
    const later = new Promise<string>((resolve) => {
      setImmediate(resolve, "done");
    });
    expect(await state.waitFor(later)).to.equal("done");
    const failed = Promise.reject(new Error("no"));
    expect(await state.waitFor(failed).catch((reason: unknown) => reason)).to.have.property("message", "no");
  });

  it("ends a guest that waits for a promise, which may fail later", async () => {
    const state = stateWith();
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting = state.waitFor(promise).catch((reason: unknown) => reason);
    const reason = new Error("enough");
    state.end(reason);
    expect(await waiting).to.equal(reason);
    reject(new Error("too late for anybody"));
    await new Promise(setImmediate);
  });

  it("aborts its signal when the guest has ended", () => {
    const state = stateWith();
    const { signal } = state;
    expect(state.signal).to.equal(signal);
    expect(signal.aborted).to.equal(false);
    state.dispose();
    expect(signal.reason).to.have.property("code", "STOPPED");
  });

  it("keeps one of each type for each guest", () => {
    const [state, other] = [stateWith(), stateWith()];
    expect(state.keep(Switch)).to.equal(state.keep(Switch)).and.not.equal(other.keep(Switch));
    expect(state.keep(Wakers)).to.be.instanceOf(Wakers);
  });
});
