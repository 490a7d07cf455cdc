import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** How a client with prior knowledge of HTTP/2 begins: RFC 9113, 3.4. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Waits for the first bytes of a connection, and tells by them which version of HTTP it speaks. They are put back. Who says
 * nothing is cut off after `timeoutMs`, and who goes before that, at once: the server leaves its side open otherwise.
 */
export function tellVersion(socket: Socket, timeoutMs: number, onTold: (version: 1 | 2) => void): void {
  let first = Buffer.alloc(0);
  function look(): void {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) return; // The end follows.
    first = Buffer.concat([first, chunk]);
    const version = versionOf(first);
    if (version === undefined) return; // More must come.
    socket.off("readable", look).off("error", ignore).off("end", cut).off("timeout", cut).setTimeout(0);
    socket.unshift(first);
    onTold(version);
  }
  function cut(): void {
    socket.destroy();
  }
  socket.on("readable", look).on("error", ignore).on("end", cut).on("timeout", cut).setTimeout(timeoutMs);
}

function ignore(): void {
  // The connection is gone before it was one.
}

/** @returns undefined while it can be either. */
export function versionOf(first: Buffer): 1 | 2 | undefined {
  const length = Math.min(first.length, PREFACE.length);
  if (first.compare(PREFACE, 0, length, 0, length) !== 0) return 1;
  return length === PREFACE.length ? 2 : undefined;
}
