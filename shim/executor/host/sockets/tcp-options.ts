import type { Socket } from "node:net";
import { NetworkError } from "./network-error.ts";

const NS_PER_MS = 1_000_000n;
const DEFAULT_BUFFER_BYTES = 65_536n;

/**
 * What a guest sets on a TCP socket. Node can set keep-alive and its idle time; the rest is kept, so that it reads back
 * as it was set, and the kernel's own values hold.
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
    socket.setKeepAlive(this.keepAliveEnabled, Number(this.keepAliveIdleTimeNs / NS_PER_MS));
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
    Object.assign(this, { [key]: value });
  }
}
