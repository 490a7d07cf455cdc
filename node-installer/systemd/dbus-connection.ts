import type { Socket } from "node:net";
import { MessageFrames } from "./dbus-frames.ts";
import { decodeMessage, encodeMessage, type DBusMessage } from "./dbus-message.ts";
import type { DBusValue } from "./dbus-value.ts";
import { orAborted } from "./or-aborted.ts";
import { SystemdError } from "./systemd-error.ts";
import { withTimeout } from "./with-timeout.ts";

/** One call of a method. */
export interface MethodCall {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly args?: readonly DBusValue[];
  /** Deadline in milliseconds; `CALL_TIMEOUT_MS` if not given. */
  readonly timeoutMs?: number;
}

export type SignalListener = (message: DBusMessage) => void;

/**
 * A call waits no longer than this unless it says otherwise. systemd answers within a millisecond, but not at all
 * while it reloads its units, which takes seconds on a large host.
 */
export const CALL_TIMEOUT_MS = 25_000;

/** An authenticated peer-to-peer connection: calls out, replies and signals in. */
export class DBusConnection {
  readonly #socket: Socket;
  readonly #frames = new MessageFrames();
  readonly #waiting = new Map<number, PromiseWithResolvers<DBusMessage>>();
  readonly #listeners = new Set<SignalListener>();
  readonly #ended = Promise.withResolvers<SystemdError>();
  #error: SystemdError | undefined;
  #serial = 0;

  /** @param socket past its authentication, and paused. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.on("error", (error) => {
      this.#end(disconnected(error));
    });
    socket.on("close", () => {
      this.#end(disconnected());
    });
    socket.resume();
  }

  /** Resolves, with the reason, when the connection is of no further use. */
  get ended(): Promise<SystemdError> {
    return this.#ended.promise;
  }

  /**
   * Calls a method and waits for its reply.
   *
   * @returns the values in the reply.
   * @throws {SystemdError} `REFUSED`, `TIMEOUT`, `DISCONNECTED`, `PROTOCOL`, `INVALID_ARGUMENT`; else the signal's reason.
   */
  async call(call: MethodCall, signal: AbortSignal): Promise<readonly DBusValue[]> {
    const { timeoutMs = CALL_TIMEOUT_MS, signature = "", args = [], path, member } = call;
    this.#serial += 1;
    const serial = this.#serial;
    const destination = "org.freedesktop.systemd1";
    const head = { path, member, interface: call.interface, destination };
    const bytes = encodeMessage({ kind: "call", serial, ...head, signature, body: args });
    const reply = await withTimeout({ task: `call systemd's "${member}"`, timeoutMs }, signal, async (either) =>
      this.#exchange(serial, bytes, either),
    );
    if (reply.kind === "error") throw refusal(call, reply);
    return reply.body;
  }

  /** Calls `listener` with each signal that comes in. Returns how to end that. */
  onSignal(listener: SignalListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    this.#end(new SystemdError("DISCONNECTED", "Cannot talk to systemd: the connection was closed by us"));
  }

  async #exchange(serial: number, bytes: Buffer, signal: AbortSignal): Promise<DBusMessage> {
    signal.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    const waiting = Promise.withResolvers<DBusMessage>();
    this.#waiting.set(serial, waiting);
    try {
      this.#socket.write(bytes);
      return await orAborted(waiting.promise, signal);
    } finally {
      this.#waiting.delete(serial); // A reply that comes later finds nobody and is dropped.
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      for (const bytes of this.#frames.push(chunk)) this.#dispatch(decodeMessage(bytes));
    } catch (error) {
      this.#end(error instanceof SystemdError ? error : disconnected(error));
    }
  }

  #dispatch(message: DBusMessage | undefined): void {
    if (message?.kind === "signal") {
      for (const listener of this.#listeners) listener(message);
    } else if (message?.replySerial !== undefined && message.kind !== "call") {
      this.#waiting.get(message.replySerial)?.resolve(message);
    }
  }

  #end(error: SystemdError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#ended.resolve(error);
  }
}

function disconnected(cause?: unknown): SystemdError {
  return new SystemdError("DISCONNECTED", "Cannot talk to systemd: the connection ended", { cause });
}

function refusal(call: MethodCall, reply: DBusMessage): SystemdError {
  const [text] = reply.body;
  const problem = typeof text === "string" ? text : (reply.errorName ?? "");
  const message = `Cannot call systemd's "${call.member}": ${problem}`;
  return new SystemdError("REFUSED", message, { dbusName: reply.errorName ?? "" });
}
