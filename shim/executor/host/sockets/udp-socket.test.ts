import { DynamicLibrary } from "node:ffi";
import { fstatSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import type { SocketAddress } from "./address.ts";
import { UdpSocket } from "./udp-socket.ts";

const IPPROTO_IP = 0;
const IP_TTL = 2;

function createState(): HostState {
  const services = { maxOpenObjects: 10, network: { isAllowed: () => true, mayResolve: true } };
  const limits = { deadlineMs: performance.now() + 60_000, computeMs: 60_000 };
  return new HostState(services as unknown as HostServices, limits);
}

function localhost(port: number): SocketAddress {
  return { tag: "ipv4", val: { port, address: [127, 0, 0, 1] } };
}

function openSockets(): number[] {
  return readdirSync("/proc/self/fd").map(Number).filter(isSocket);
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false; // That of the listing itself.
  }
}

/** What the kernel has. */
function hopLimitOf(fd: number): number {
  using libc = new DynamicLibrary("libc.so.6");
  const getsockopt = libc.getFunction("getsockopt", {
    arguments: ["i32", "i32", "i32", "pointer", "pointer"],
    return: "i32",
  });
  const value = new Int32Array(1);
  getsockopt(fd, IPPROTO_IP, IP_TTL, value, Int32Array.of(value.byteLength));
  return value[0] ?? 0;
}

describe("UdpSocket", () => {
  let state: HostState; // Each test has its own, for its time begins when it is made.
  const sockets: UdpSocket[] = [];

  beforeEach(() => {
    state = createState();
  });

  function create(): UdpSocket {
    const socket = new UdpSocket(state, "ipv4");
    sockets.push(socket);
    return socket;
  }

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  async function bind(socket: UdpSocket, port: number): Promise<void> {
    socket.startBind(localhost(port));
    await state.wait([socket]);
    socket.finishBind();
  }

  it("can be bound again after it could not be", async () => {
    const other = create();
    await bind(other, 0);
    const socket = create();
    const failure = await bind(socket, other.localAddress().val.port).catch((reason: unknown) => reason);
    expect(failure).to.have.property("code", "EADDRINUSE");
    await bind(socket, 0);
    expect(socket.localAddress().val.port).to.be.greaterThan(0);
  });

  it("sends to many receivers at once, but not to all", async () => {
    const socket = create();
    await bind(socket, 0);
    const many: SocketAddress = { tag: "ipv4", val: { port: 7, address: [224, 0, 0, 1] } };
    const all: SocketAddress = { tag: "ipv4", val: { port: 7, address: [255, 255, 255, 255] } };
    socket.openStreams(many);
    expect(socket.remoteAddress()).to.deep.equal(many);
    expect(() => socket.openStreams(all)).to.throw("access-denied");
  });

  it("sends no more than was permitted before the call", async () => {
    const socket = create();
    await bind(socket, 0);
    const [, outgoing] = socket.openStreams(socket.localAddress());
    const datagram = { data: Uint8Array.of(1), remoteAddress: undefined };
    expect(() => outgoing.send([datagram])).to.throw("0 were permitted");
    expect(outgoing.permit()).to.be.greaterThan(0);
    expect(outgoing.send([datagram])).to.equal(1);
    expect(() => outgoing.send([datagram])).to.throw("0 were permitted");
  });

  it("refuses what is too large for a datagram", async () => {
    const socket = create();
    await bind(socket, 0);
    const [, outgoing] = socket.openStreams(socket.localAddress());
    outgoing.permit();
    expect(() => outgoing.send([{ data: new Uint8Array(65_508), remoteAddress: undefined }])).to.throw(
      "datagram-too-large",
    );
  });

  it("has the hop limit that was set before and after it was bound", async () => {
    const socket = create();
    socket.setHopLimit(7);
    const before = openSockets();
    await bind(socket, 0);
    const fd = openSockets().find((open) => !before.includes(open)) ?? -1;
    expect(hopLimitOf(fd)).to.equal(7);
    socket.setHopLimit(9);
    expect(hopLimitOf(fd)).to.equal(9);
  });
});
