import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Empty } from "../proto/any.ts";
import { anyFromEvent, type Envelope, EVENTS_SERVICE, ForwardRequest } from "../proto/events.ts";
import { TtrpcServer } from "../ttrpc/server.ts";
import type { Call } from "../ttrpc/service.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import { EventPublisher } from "./publisher.ts";

const FLUSH_MS = 10_000;
const AT = new Date(1_700_000_000_123);

describe("EventPublisher", () => {
  let folder = "";
  let path = "";
  let server: TtrpcServer | undefined;
  let publisher: EventPublisher;
  let problems: string[] = [];
  let taken: Envelope[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-events-"));
    path = join(folder, "s");
    problems = [];
    taken = [];
    publisher = new EventPublisher({
      address: `unix://${path}`,
      namespace: "k8s.io",
      onProblem(message) {
        problems.push(message);
      },
    });
  });
  afterEach(async () => {
    publisher.close();
    await stop();
    await rm(folder, { recursive: true });
  });

  /** Takes the part of containerd. */
  async function start(take: (envelope: Envelope, call: Call) => Promise<void> | void): Promise<void> {
    server = new TtrpcServer({
      [EVENTS_SERVICE]: {
        async Forward(payload, call) {
          const { envelope } = ForwardRequest.decode(payload);
          if (envelope === undefined) throw new Error("no envelope");
          await take(envelope, call);
          taken.push(envelope);
          return Empty.encode({});
        },
      },
    });
    const listening = createServer();
    server.serve(listening);
    await once(listening.listen(path), "listening");
  }

  async function stop(): Promise<void> {
    await server?.close(0);
    server = undefined;
  }

  function publishExit(id: string): void {
    publisher.publish("/tasks/exit", anyFromEvent("/tasks/exit", { containerId: id, id }), AT);
  }

  function takenIds(): string[] {
    return taken.map(({ event }) =>
      Buffer.from(event?.value ?? "")
        .subarray(2, 4)
        .toString(),
    );
  }

  it("wraps an event with its time, topic, type and namespace", async () => {
    let metadata: unknown;
    await start((_envelope, call) => {
      ({ metadata } = call);
    });
    const event = anyFromEvent("/tasks/oom", { containerId: "c1" });
    publisher.publish("/tasks/oom", event, AT);
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    expect(metadata).to.deep.equal(new Map([["containerd-namespace-ttrpc", ["k8s.io"]]]));
    expect(taken.map((envelope) => ({ ...envelope, event: envelope.event?.typeUrl }))).to.deep.equal([
      {
        timestamp: { seconds: 1_700_000_000n, nanos: 123_000_000 },
        namespace: "k8s.io",
        topic: "/tasks/oom",
        event: "containerd.events.TaskOOM",
      },
    ]);
    expect(Buffer.from(taken[0]?.event?.value ?? "")).to.deep.equal(Buffer.from(event.value));
  });

  it("sends one after the other, in order", async () => {
    let running = 0;
    await start(async () => {
      running += 1;
      expect(running).to.equal(1);
      await delay(Math.random() * 3);
      running -= 1;
    });
    const ids = twoDigits(50);
    for (const id of ids) publishExit(id);
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    expect(takenIds()).to.deep.equal(ids);
    expect(problems).to.deep.equal([]);
  });

  it("keeps events while containerd is away, and the order when it goes in between", async () => {
    const ids = twoDigits(60);
    for (const id of ids.slice(0, 20)) publishExit(id);
    await delay(100);
    await start(() => undefined);
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    await stop();
    for (const id of ids.slice(20, 40)) publishExit(id);
    expect(await publisher.flush(50)).to.equal(20);
    await start(() => undefined);
    for (const id of ids.slice(40)) publishExit(id);
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    expect(takenIds()).to.deep.equal(ids);
    expect(problems).to.deep.equal([
      `Cannot publish "/tasks/exit" yet: it will be tried again`,
      `Cannot publish "/tasks/exit" yet: it will be tried again`,
    ]);
  });

  it("does not try all the time while containerd is away", async () => {
    publishExit("00");
    const before = process.threadCpuUsage(); // V8's own threads may be at work for tests that were before.
    expect(await publisher.flush(1000)).to.equal(1);
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).to.be.lessThan(300);
  });

  it("sends again what got no answer", async () => {
    let calls = 0;
    await start(() => {
      calls += 1;
      if (calls < 3) throw new TtrpcError("UNAVAILABLE", "shutting down");
    });
    publishExit("00");
    publishExit("01");
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    expect(takenIds()).to.deep.equal(["00", "01"]);
    expect(calls).to.equal(4);
  });

  it("gives an event up that containerd refuses, and goes on", async () => {
    let refused = 0;
    await start(({ topic }) => {
      if (topic !== "/bad") return;
      refused += 1;
      throw new TtrpcError("INVALID_ARGUMENT", "no such topic");
    });
    publisher.publish("/bad", anyFromEvent("/tasks/oom", {}), AT);
    publisher.publish("/unfit", { typeUrl: "", value: Buffer.alloc(5 * 1024 * 1024) }, new Date(Number.NaN));
    publishExit("00");
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    expect(takenIds()).to.deep.equal(["00"]);
    expect(refused).to.equal(5);
    expect(problems).to.include(`Cannot publish "/bad": containerd refuses it`);
    expect(problems).to.include(`Cannot publish "/unfit": containerd refuses it`);
  });

  it("gives up what is not an exit when 2048 such events wait, and never an exit", async () => {
    const start1 = anyFromEvent("/tasks/start", { containerId: "c" });
    for (let index = 0; index < 3000; index += 1) publisher.publish("/tasks/start", start1, AT);
    for (const id of twoDigits(10)) publishExit(id);
    expect(problems.filter((text) => text.includes("2048 events wait already"))).to.have.length(3000 - 2048);
    await start(() => undefined);
    expect(await publisher.flush(FLUSH_MS)).to.equal(0);
    expect(taken.filter(({ topic }) => topic === "/tasks/start")).to.have.length(2048);
    expect(takenIds().slice(-10)).to.deep.equal(twoDigits(10));
  });

  it("ends what waits when it is closed, and takes nothing more", async () => {
    publishExit("00");
    const flushed = publisher.flush(FLUSH_MS);
    publisher.close();
    expect(await flushed).to.equal(1);
    publishExit("01");
    expect(await publisher.flush(FLUSH_MS)).to.equal(1);
  });
});

function twoDigits(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(2, "0"));
}
