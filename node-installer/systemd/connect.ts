import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@rcm/lib/backoff";
import { authenticate } from "./dbus-auth.ts";
import { DBusConnection } from "./dbus-connection.ts";
import { SystemdError } from "./systemd-error.ts";
import { withTimeout } from "./with-timeout.ts";

/**
 * systemd's own socket, for root only, on which it speaks D-Bus without a bus. A mount of this file goes stale when
 * systemd re-executes itself and makes a new one: mount the folder.
 */
export const SYSTEMD_SOCKET = "/run/systemd/private";

const ATTEMPTS = 5;
const HANDSHAKE_TIMEOUT_MS = 5000;
const RETRY = { baseMs: 50, maxMs: 1000 };

/** The first ping waits so long in milliseconds, each further one twice as long. */
const FIRST_PING_MS = 10;

/**
 * Connects to systemd over its private socket, which must see us: a client whose process id does not exist in
 * systemd's PID namespace (one *above* it, never a pod) is hung up on.
 *
 * A connection counts once a ping has come back over it; see `pinged`.
 *
 * @throws {SystemdError} `UNREACHABLE`, `AUTH_REFUSED`; or how the last of 5 attempts failed.
 */
export async function connectSystemd(path: string, signal: AbortSignal): Promise<DBusConnection> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connectOnce(path, signal);
    } catch (error) {
      if (attempt === ATTEMPTS || !isWorthRetrying(error)) throw error;
    }
    await delay(backoffMs(RETRY, attempt, Math.random()), undefined, { signal });
  }
}

async function connectOnce(path: string, signal: AbortSignal): Promise<DBusConnection> {
  const deadline = { task: `connect to systemd at "${path}"`, timeoutMs: HANDSHAKE_TIMEOUT_MS };
  return withTimeout(deadline, signal, async (either) => {
    const socket = await openSocket(path, either);
    try {
      await authenticate(socket, either);
      return await pinged(new DBusConnection(socket), either);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  });
}

async function openSocket(path: string, signal: AbortSignal): Promise<Socket> {
  const socket = createConnection({ path });
  try {
    await once(socket, "connect", { signal });
    // Until the connection takes over: an error without a listener would end the process; `close` follows it.
    socket.on("error", () => undefined);
    return socket;
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    if (signal.aborted) throw signal.reason;
    throw new SystemdError("UNREACHABLE", `Cannot connect to systemd at "${path}": nobody answers`, { cause: error });
  }
}

/**
 * systemd 252 does not look at a message that it read together with the BEGIN before it until something more arrives
 * (seen in 200 of 200 tries). So the ping is repeated until one comes back, and real calls come after it.
 */
async function pinged(connection: DBusConnection, signal: AbortSignal): Promise<DBusConnection> {
  const ping = { path: "/org/freedesktop/systemd1", interface: "org.freedesktop.DBus.Peer", member: "Ping" };
  for (let timeoutMs = FIRST_PING_MS; ; timeoutMs *= 2) {
    try {
      await connection.call({ ...ping, timeoutMs }, signal);
      return connection;
    } catch (error) {
      if (!(error instanceof SystemdError) || error.code !== "TIMEOUT") throw error;
    }
  }
}

function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof SystemdError)) return false;
  return ["TIMEOUT", "DISCONNECTED", "PROTOCOL"].includes(error.code) || isBetweenTwo(error);
}

/** Nobody listens on the socket that is there: systemd is replacing itself, as when its package is upgraded. */
function isBetweenTwo({ cause }: SystemdError): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}
