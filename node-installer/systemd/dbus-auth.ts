import type { Socket } from "node:net";
import { orAborted } from "./or-aborted.ts";
import { SystemdError } from "./systemd-error.ts";

/** No line of the SASL dialogue is longer. */
const LINE_MAX_BYTES = 1024;

/** "0", the uid of root, in hex as EXTERNAL wants it. systemd compares it with the credentials of the socket. */
const ROOT = Buffer.from("0").toString("hex");

/**
 * Says who we are on a fresh connection, up to and including BEGIN; after it the stream carries messages.
 *
 * @throws {SystemdError} `AUTH_REFUSED`, `PROTOCOL` or `DISCONNECTED`.
 * @see {@link https://dbus.freedesktop.org/doc/dbus-specification.html#auth-protocol}
 */
export async function authenticate(socket: Socket, signal: AbortSignal): Promise<void> {
  const answer = readLine(socket, signal);
  socket.write(`\0AUTH EXTERNAL ${ROOT}\r\n`);
  const line = await answer;
  if (!line.startsWith("OK ")) {
    const problem = line.startsWith("REJECTED") ? "systemd does not take us for root" : `systemd said "${line}"`;
    throw new SystemdError("AUTH_REFUSED", `Cannot authenticate with systemd: ${problem}`);
  }
  socket.write("BEGIN\r\n");
}

/** Reads one line; the peer has nothing to say behind it until we answer. Leaves the socket paused. */
async function readLine(socket: Socket, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let seen = Buffer.alloc(0);
  function onData(chunk: Buffer): void {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf("\r\n");
    if (end >= 0 && end + 2 === seen.length) resolve(seen.toString("latin1", 0, end));
    else if (end >= 0 || seen.length > LINE_MAX_BYTES) reject(refuse("PROTOCOL", "it did not answer with one line"));
  }
  function onClose(): void {
    reject(refuse("DISCONNECTED", "it closed the connection"));
  }
  socket.on("data", onData).once("close", onClose);
  try {
    return await orAborted(promise, signal);
  } finally {
    socket.off("data", onData).off("close", onClose).pause();
  }
}

function refuse(code: "PROTOCOL" | "DISCONNECTED", problem: string): SystemdError {
  return new SystemdError(code, `Cannot authenticate with systemd: ${problem}`);
}
