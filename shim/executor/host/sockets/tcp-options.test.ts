import { once } from "node:events";
import { DynamicLibrary } from "node:ffi";
import { readdirSync, readlinkSync } from "node:fs";
import net from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { TcpOptions } from "./tcp-options.ts";

const SECOND_NS = 1_000_000_000n;
const IPPROTO_TCP = 6;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;

/** What the kernel has, in its units. */
function optionOf(fd: number, option: number): number {
  using libc = new DynamicLibrary("libc.so.6");
  const getsockopt = libc.getFunction("getsockopt", {
    arguments: ["i32", "i32", "i32", "pointer", "pointer"],
    return: "i32",
  });
  const value = new Int32Array(1);
  getsockopt(fd, IPPROTO_TCP, option, value, Int32Array.of(value.byteLength));
  return value[0] ?? 0;
}

/** The file descriptors of this process that are sockets. */
function openSockets(): number[] {
  const fds = readdirSync("/proc/self/fd").map(Number);
  return fds.filter((fd) => targetOf(fd).startsWith("socket:"));
}

function targetOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // That of the listing itself.
  }
}

describe("TcpOptions", () => {
  it("gives the kernel all that there is to keep-alive", async () => {
    const server = net.createServer((peer) => peer.resume());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const before = openSockets();
    const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    const ends = openSockets().filter((fd) => !before.includes(fd)); // The peer may have its end already.
    const options = new TcpOptions();
    options.keepAliveEnabled = true;
    options.set("keepAliveIdleTimeNs", 100n * SECOND_NS);
    options.set("keepAliveIntervalNs", 11n * SECOND_NS);
    options.set("keepAliveCount", 5);
    options.applyTo(socket);
    const kept = ends.map((fd) => [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT].map((option) => optionOf(fd, option)));
    expect(kept).to.deep.include([100, 11, 5]);
    socket.destroy();
    server.close();
  });

  for (const [key, set, got] of [
    ["keepAliveIdleTimeNs", 1n, SECOND_NS],
    ["keepAliveIntervalNs", SECOND_NS + 1n, 2n * SECOND_NS],
    ["keepAliveIdleTimeNs", (1n << 64n) - 1n, 32_767n * SECOND_NS],
    ["keepAliveCount", 128, 127],
    ["receiveBufferBytes", 1n, 1n],
    ["hopLimit", 255, 255],
  ] as const) {
    it(`reads ${key} of ${set} back as ${got}`, () => {
      const options = new TcpOptions();
      options.set(key, set);
      expect(options[key]).to.equal(got);
    });
  }

  it("refuses zero", () => {
    expect(() => {
      new TcpOptions().set("keepAliveCount", 0);
    }).to.throw("invalid-argument");
  });
});
