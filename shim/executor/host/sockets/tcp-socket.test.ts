import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { HostError } from "../errors.ts";
import { STREAM_CLOSED } from "../io/io-error.ts";
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

/** Whether the kernel has a timer for keep-alive on a connection of this machine. */
function isKeptAlive({ val }: ReturnType<TcpSocket["localAddress"]>, remote: typeof val): boolean {
  const ports = [val.port, remote.port].map((port) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`);
  const line = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((text) => text.trim().split(/\s+/))
    .find(([, local = "", peer = ""]) => local.endsWith(ports[0] ?? "") && peer.endsWith(ports[1] ?? ""));
  return line?.[5]?.startsWith("02:") === true;
}

async function connect(state: HostState, port: number): Promise<[TcpSocket, ReturnType<TcpSocket["finishConnect"]>]> {
  const socket = new TcpSocket(state, "ipv4");
  socket.startConnect(localhost(port));
  await state.wait([socket]);
  return [socket, socket.finishConnect()];
}

async function listen(state: HostState): Promise<TcpSocket> {
  const listener = new TcpSocket(state, "ipv4");
  listener.startBind(localhost(0));
  listener.finishBind();
  listener.startListen();
  await state.wait([listener]);
  listener.finishListen();
  return listener;
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
    for (const end = performance.now() + 10_000; !hasNoneOpen(state) && performance.now() < end;) await delay(5);
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
    const listener = await listen(state);
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

  it("still sends after it was shut down for receiving, while its peer sends too", async () => {
    const state = stateWith(1);
    const { promise: received, resolve } = Promise.withResolvers<string>();
    const port = await serve((peer) => {
      let text = "";
      peer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      peer.once("end", () => {
        resolve(text);
      });
      peer.resume();
      peer.write(MUCH);
    });
    const [socket, [input, output]] = await connect(state, port);
    await state.wait([input]);
    socket.shutdown("receive");
    expect(input.take(100)).to.equal(STREAM_CLOSED);
    await delay(200);
    expect(output.write(Buffer.from("still"))).to.equal(undefined);
    await delay(50);
    expect(output.write(Buffer.from(" here"))).to.equal(undefined);
    expect(input.take(100)).to.equal(STREAM_CLOSED);
    socket.close();
    expect(await received).to.equal("still here");
  });

  it("inherits options from the listener, and then has its own", async () => {
    const state = stateWith(2);
    const listener = await listen(state);
    listener.options.keepAliveEnabled = true;
    listener.options.set("keepAliveIdleTimeNs", 60_000_000_000n);
    listener.options.set("hopLimit", 7);
    const client = net.connect(listener.localAddress().val.port, "127.0.0.1");
    cleanups.push(() => client.destroy());
    await state.wait([listener]);
    const [socket] = listener.accept();
    expect(socket.options).to.deep.equal(listener.options);
    expect(isKeptAlive(socket.localAddress(), socket.remoteAddress().val)).to.equal(true);
    socket.options.keepAliveEnabled = false;
    socket.options.set("hopLimit", 9);
    socket.applyOptions();
    expect(isKeptAlive(socket.localAddress(), socket.remoteAddress().val)).to.equal(false);
    expect([listener.options.keepAliveEnabled, listener.options.hopLimit]).to.deep.equal([true, 7]);
    socket.close();
    listener.close();
  });
});
