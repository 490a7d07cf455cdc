import type { Socket } from "node:net";
import { NetworkError } from "./network-error.ts";

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;
const DEFAULT_BUFFER_BYTES = 65_536n;

/** The kernel's bounds for keep-alive: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL and MAX_TCP_KEEPCNT of Linux. */
const MAX_KEEP_ALIVE_S = 32_767n;
const MAX_KEEP_ALIVE_COUNT = 127;

/**
 * What a guest sets on a TCP socket. Keep-alive reads back as the kernel has it, in whole seconds. Node cannot set the
 * rest: that is kept, so that it reads back as it was set, and the kernel's own values hold.
 */
export class TcpOptions {
  keepAliveEnabled = false;
  keepAliveIdleTimeNs = 7200n * 1_000_000_000n;
  keepAliveIntervalNs = 75n * 1_000_000_000n;
  keepAliveCount = 9;
  hopLimit = 64;
  receiveBufferBytes = DEFAULT_BUFFER_BYTES;
  sendBufferBytes = DEFAULT_BUFFER_BYTES;

  applyTo(socket: Socket): void {
    // Node calls the kernel only if this changes something.
    socket.setKeepAlive({
      enable: this.keepAliveEnabled,
      initialDelay: Number(this.keepAliveIdleTimeNs / NS_PER_MS),
      interval: Number(this.keepAliveIntervalNs / NS_PER_MS),
      count: this.keepAliveCount,
    });
  }

  /** For a socket that inherits them. */
  copy(): TcpOptions {
    return Object.assign(new TcpOptions(), this);
  }

  /** @throws {NetworkError} `invalid-argument`: zero is no value for any of them. */
  set<
    K extends
      | "keepAliveIdleTimeNs"
      | "keepAliveIntervalNs"
      | "keepAliveCount"
      | "hopLimit"
      | "receiveBufferBytes"
      | "sendBufferBytes",
  >(key: K, value: TcpOptions[K]): void {
    if (BigInt(value) === 0n) throw new NetworkError("invalid-argument");
    Object.assign(this, { [key]: withinBounds(key, value) });
  }
}

function withinBounds(key: string, value: bigint | number): bigint | number {
  if (typeof value === "bigint") return key.endsWith("Ns") ? wholeSeconds(value) : value;
  return key === "keepAliveCount" ? Math.min(value, MAX_KEEP_ALIVE_COUNT) : value;
}

/** Rounded up: not even the shortest time may become none. */
function wholeSeconds(ns: bigint): bigint {
  const seconds = (ns + NS_PER_S - 1n) / NS_PER_S;
  return (seconds > MAX_KEEP_ALIVE_S ? MAX_KEEP_ALIVE_S : seconds) * NS_PER_S;
}
