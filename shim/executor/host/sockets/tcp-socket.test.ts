import { once } from "node:events";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { HostError } from "../errors.ts";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { TcpSocket } from "./tcp-socket.ts";

/** More than the kernel holds for a peer that does not read. */
const MUCH = Buffer.alloc(32 << 20);

function stateWith(maxOpenObjects: number): HostState {
  const services = { maxOpenObjects, network: { isAllowed: () => true, mayResolve: true } };
  const limits = { deadlineMs: performance.now() + 60_000, computeMs: 60_000 };
  return new HostState(services as unknown as HostServices, limits);
}

function localhost(port: number): Parameters<TcpSocket["startConnect"]>[0] {
  return { tag: "ipv4", val: { port, address: [127, 0, 0, 1] } };
}

/** Whether the guest, which may have one object open, has none. */
function hasNoneOpen(state: HostState): boolean {
  try {
    state.countOpen();
  } catch {
    return false;
  }
  state.countClosed();
  return true;
}

/** How many sockets of this process are neither closed nor listening. */
function openConnections(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap" || name === "TCPConnectWrap")
    .length;
}

async function connect(state: HostState, port: number): Promise<[TcpSocket, ReturnType<TcpSocket["finishConnect"]>]> {
  const socket = new TcpSocket(state, "ipv4");
  socket.startConnect(localhost(port));
  await state.wait([socket]);
  return [socket, socket.finishConnect()];
}

describe("TcpSocket", () => {
  const cleanups: (() => void)[] = [];

  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  async function serve(onConnection: (socket: net.Socket) => void): Promise<number> {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      cleanups.push(() => socket.destroy());
      socket.on("error", () => undefined);
      onConnection(socket);
    });
    cleanups.push(() => server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** In a thread that stands still once it listens. */
  async function listenWithoutAccepting(): Promise<number> {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
      const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
        parentPort.postMessage(server.address().port);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`,
      { eval: true },
    );
    cleanups.push(() => void worker.terminate());
    const [port] = (await once(worker, "message")) as [number];
    return port;
  }

  it("gives up a connection that is not made yet when it is dropped", async () => {
    const port = await listenWithoutAccepting();
    const before = openConnections();
    const states = Array.from({ length: 5 }, () => stateWith(1)); // More than the kernel accepts by itself.
    const sockets = states.map((state) => new TcpSocket(state, "ipv4"));
    for (const socket of sockets) socket.startConnect(localhost(port));
    await delay(100);
    expect(sockets.map((socket) => socket.isReady())).to.include(false);
    for (const socket of sockets) socket.close();
    await delay(100);
    expect(openConnections()).to.equal(before);
    expect(states.map(hasNoneOpen)).to.not.include(false);
  });

  it("is counted until it is closed, which is within seconds for a peer that does not read", async () => {
    const state = stateWith(1);
    const port = await serve(() => undefined);
    const before = openConnections();
    const [socket, [, output]] = await connect(state, port);
    expect(output.write(MUCH)).to.equal(undefined);
    socket.close();
    await delay(100);
    expect(hasNoneOpen(state)).to.equal(false);
    state.dispose(); // That the guest ends changes nothing.
    await delay(5500);
    expect(hasNoneOpen(state)).to.equal(true);
    expect(openConnections()).to.equal(before + 1); // The peer's own.
  }).timeout(20_000);

  it("sends what was written before it was dropped", async () => {
    const state = stateWith(1);
    const received = Promise.withResolvers<number>();
    const port = await serve((peer) => {
      let bytes = 0;
      peer.on("data", (chunk) => (bytes += chunk.length));
      peer.once("end", () => {
        received.resolve(bytes);
        peer.end();
      });
      setTimeout(() => peer.resume(), 200);
    });
    const [socket, [, output]] = await connect(state, port);
    output.write(MUCH);
    socket.close();
    expect(await received.promise).to.equal(MUCH.length);
    await delay(50);
    expect(hasNoneOpen(state)).to.equal(true);
  });

  it("counts one that has failed before it was dropped as closed", async () => {
    const state = stateWith(1);
    const port = await serve((peer) => {
      setTimeout(() => peer.resetAndDestroy(), 50);
    });
    const [socket] = await connect(state, port);
    await delay(200);
    socket.close();
    expect(hasNoneOpen(state)).to.equal(true);
  });

  it("does not leave a connection open that a guest at its limit accepts", async () => {
    const state = stateWith(1);
    const listener = new TcpSocket(state, "ipv4");
    listener.startBind(localhost(0));
    listener.finishBind();
    listener.startListen();
    await state.wait([listener]);
    listener.finishListen();
    const client = net.connect(listener.localAddress().val.port, "127.0.0.1").on("error", () => undefined);
    cleanups.push(() => client.destroy());
    const closed = once(client, "close");
    client.resume();
    await state.wait([listener]);
    expect(() => listener.accept()).to.throw(HostError, /has 1 open/);
    listener.close();
    const ended = await Promise.race([closed.then(() => true), delay(1000).then(() => false)]);
    expect(ended).to.equal(true);
  });
});
