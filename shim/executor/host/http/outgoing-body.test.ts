import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { HostError } from "../errors.ts";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import type { BodySink } from "./body-sink.ts";
import { Fields } from "./fields.ts";
import { OutgoingBody } from "./outgoing-body.ts";

class Sink implements BodySink {
  readonly log: string[] = [];
  queued = 0;
  broken: Error | undefined;
  drained: () => void = () => undefined;

  begin(): void {
    this.log.push("begin");
  }
  write(chunk: Buffer): void {
    this.log.push(`write ${chunk.length}`);
  }
  queuedBytes(): number {
    return this.queued;
  }
  onDrain(listener: () => void): () => void {
    this.drained = listener;
    return () => {};
  }
  failure(): Error | undefined {
    return this.broken;
  }
  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void {
    this.log.push(`end ${Buffer.concat(rest).toString()} ${trailers?.join("=") ?? ""}`.trimEnd());
  }
  abort(reason: Error): void {
    this.log.push(`abort ${reason.message}`);
  }
}

interface Scene {
  readonly state: HostState;
  readonly body: OutgoingBody;
  readonly sink: Sink;
}

function scene(bytes?: number, timeMs = 60_000): Scene {
  const state = new HostState({} as HostServices, { deadlineMs: performance.now() + timeMs, computeMs: 1000 });
  return { state, body: new OutgoingBody(state, { bytes, mismatch: "HTTP-response-body-size" }), sink: new Sink() };
}

describe("OutgoingBody", () => {
  it("goes out in one piece if it ends before the guest waits", () => {
    const { body, sink } = scene();
    body.attach(sink);
    body.openStream();
    body.write(Buffer.from("a"));
    body.write(Buffer.from("b"));
    body.close();
    expect(body.finish(undefined)).to.equal(undefined);
    expect(sink.log).to.deep.equal(["end ab"]);
  });

  it("goes out when the guest waits, and when much is held", () => {
    const { state, body, sink } = scene();
    body.attach(sink);
    body.openStream();
    body.write(Buffer.from("abc"));
    state.sendHeld();
    body.write(Buffer.alloc(40_000));
    expect(sink.log).to.deep.equal(["write 3", "write 40000"]);
  });

  it("lets the head go first when the guest waits or flushes before it writes, and not after it has failed", () => {
    for (const isFlushed of [true, false]) {
      const { state, body, sink } = scene();
      body.attach(sink);
      body.openStream();
      if (isFlushed) body.flush();
      else state.sendHeld();
      body.write(Buffer.from("abc"));
      body.flush();
      expect(sink.log).to.deep.equal(["begin"]);
      body.drop();
      state.sendHeld();
      expect(sink.log).to.deep.equal(["begin", "abort HTTP-protocol-error"]);
    }
  });

  it("can be taken whole once it has ended, if it was not attached", () => {
    const { body } = scene();
    body.openStream();
    body.write(Buffer.from("abc"));
    expect(body.isWhole).to.equal(false);
    body.close();
    body.finish(Fields.empty(1000));
    expect(body.isWhole).to.equal(true);
    expect(body.takeWhole().toString()).to.equal("abc");
    const attached = scene();
    attached.body.attach(attached.sink);
    attached.body.finish(undefined);
    expect(attached.body.isWhole).to.equal(false);
  });

  it("counts for its guest what nobody takes yet, and no longer when somebody does", () => {
    for (const end of ["attach", "take", "abandon", "drop"] as const) {
      const { state, body, sink } = scene();
      const counted: number[] = [];
      state.countBytes = (bytes) => counted.push(bytes);
      body.openStream();
      body.write(Buffer.alloc(1000));
      body.write(Buffer.alloc(500));
      body.close();
      const trailers = Fields.empty(1000, state);
      if (end !== "drop") body.finish(trailers);
      else trailers.drop();
      if (end === "attach") body.attach(sink);
      else if (end === "take") body.takeWhole();
      else if (end === "abandon") body.abandon();
      else body.drop();
      expect(counted.slice(0, 2)).to.deep.equal([1000, 500]);
      expect(counted.reduce((sum, bytes) => sum + bytes)).to.equal(0);
    }
    const { state, body, sink } = scene();
    body.attach(sink);
    state.countBytes = () => expect.fail("counted what is on its way");
    body.openStream();
    body.write(Buffer.alloc(1000));
  });

  it("is closed for its guest when its message is dropped", () => {
    const { body, sink } = scene();
    body.openStream();
    body.abandon();
    expect(body.permit()).to.deep.equal({ tag: "closed" });
    body.close();
    expect(body.finish(undefined)).to.equal(undefined);
    expect(sink.log).to.deep.equal([]);
  });

  it("is held until there is somewhere for it to go", () => {
    const { state, body, sink } = scene();
    body.openStream();
    body.write(Buffer.from("abc"));
    state.sendHeld();
    body.close();
    const trailers = Fields.empty(1000);
    trailers.append("a", Buffer.from("1"));
    body.finish(trailers);
    body.attach(sink);
    expect(sink.log).to.deep.equal(["end abc a=1"]);
  });

  it("permits less the more is on its way", () => {
    const { body, sink } = scene();
    body.attach(sink);
    body.openStream();
    expect(body.permit()).to.equal(65_536);
    sink.queued = 65_000;
    expect([body.permit(), body.isReady()]).to.deep.equal([536, true]);
    sink.queued = 70_000;
    expect([body.permit(), body.isReady(), body.isFlushed()]).to.deep.equal([0, false, false]);
  });

  it("fails with the sink, and says so once", () => {
    const { body, sink } = scene();
    body.attach(sink);
    body.openStream();
    sink.broken = new Error("cut");
    expect([body.isReady(), body.isReady()]).to.deep.equal([true, true]);
    expect(body.flush()).to.have.nested.property("val.message", "cut");
    expect([body.flush(), body.permit()]).to.deep.equal([{ tag: "closed" }, { tag: "closed" }]);
    expect(body.isReady()).to.equal(true);
    body.close();
    expect(body.finish(undefined)).to.deep.equal({ tag: "internal-error", val: "cut" });
  });

  it("is out when little of it is queued, or the sink has failed", async () => {
    for (const change of [(sink: Sink) => (sink.queued = 60_000), (sink: Sink) => (sink.broken = new Error("cut"))]) {
      const { body, sink } = scene();
      sink.queued = 70_000;
      body.attach(sink);
      let isOut = false;
      const out = body.untilOut().then(() => (isOut = true));
      sink.drained();
      await nextTurn();
      expect(isOut).to.equal(false);
      change(sink);
      sink.drained();
      await out;
    }
  });

  it("is broken off if it is not out when the time is up", async () => {
    const { body, sink } = scene(undefined, 20);
    sink.queued = 70_000;
    body.attach(sink);
    body.finish(undefined);
    const reason: unknown = await body.untilOut().catch((error: unknown) => error);
    expect(reason).to.be.instanceOf(HostError).with.property("code", "TIME_LIMIT");
    expect(sink.log).to.deep.equal(["end", `abort ${(reason as Error).message}`]);
  });

  for (const [what, text, size] of [
    ["shorter", "abc", 3n],
    ["longer", "abcdef", 6n],
  ] as const) {
    it(`is not whole if it is ${what} than was promised`, () => {
      const { body, sink } = scene(5);
      body.attach(sink);
      body.openStream();
      body.write(Buffer.from(text));
      body.close();
      expect(body.finish(undefined)).to.deep.equal({ tag: "HTTP-response-body-size", val: size });
      expect(sink.log).to.deep.equal(["abort HTTP-response-body-size"]);
    });
  }

  it("is broken off when the guest drops it, and knows whether its stream is open", () => {
    const { body, sink } = scene();
    body.attach(sink);
    expect(body.openStream()).to.equal(body);
    expect(body.openStream()).to.equal(undefined);
    expect(body.isStreamOpen).to.equal(true);
    body.close();
    expect(body.isStreamOpen).to.equal(false);
    body.drop();
    expect(sink.log).to.deep.equal(["abort HTTP-protocol-error"]);
  });
});
