import type { Socket } from "node:net";
import { encodeFrame, FLAG_REMOTE_OPEN, type Frame, FRAME_TYPE, MAX_PAYLOAD_BYTES, readFrames } from "./frame.ts";
import { Request, Response } from "./messages.ts";
import type { WaitingMethod } from "./service.ts";
import { statusFromError, TtrpcError } from "./status.ts";

/** Limits of one connection. */
export interface ServerLimits {
  /** While as many calls run, nothing more is read. */
  readonly maxCalls: number;
  /** As many calls may wait besides; further ones are refused. */
  readonly maxWaitingCalls: number;
  /** While as many bytes of answers are not sent, nothing more is read. */
  readonly maxUnsentBytes: number;
}

/** A method with its kind said in full. */
export interface ServedMethod {
  readonly handle: WaitingMethod["handle"];
  readonly waits: boolean;
}

/** Methods by `service/method`. */
export type MethodTable = ReadonlyMap<string, ServedMethod>;

/** No timer is longer, in milliseconds. */
const MAX_TIMER_MS = 0x7fffffff;

/** One client of a server: reads its calls, runs them at the same time and answers each when it is done. */
export class ServerConnection {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #methods: MethodTable;
  readonly #limits: ServerLimits;
  readonly #running = new Set<AbortController>();
  readonly #waiting = new Set<AbortController>();
  readonly #backlog: Frame[] = [];
  #lastStreamId = 0;
  #isClosing = false;

  constructor(socket: Socket, methods: MethodTable, limits: ServerLimits) {
    this.#socket = socket;
    this.#methods = methods;
    this.#limits = limits;
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#abort([...this.#running, ...this.#waiting], "the connection was lost");
        resolve();
      });
    });
    socket.on("error", () => undefined); // "close" follows.
    socket.on("drain", () => {
      this.#work();
    });
    readFrames(socket, (frames) => {
      this.#backlog.push(...frames);
      this.#work();
    });
  }

  /** Takes no more calls, ends those that wait, gives the others `graceMs` to end, and closes. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#abort(this.#waiting, "the server closes");
    const timer = setTimeout(() => this.#socket.destroy(), graceMs);
    this.#work();
    await this.closed;
    clearTimeout(timer);
  }

  /** Starts what may start, and reads on only if all that was read has been started. */
  #work(): void {
    if (this.#isClosing) {
      this.#backlog.length = 0;
      if (this.#running.size === 0) this.#socket.end(() => this.#socket.destroy());
      return;
    }
    while (!this.#isFull()) {
      const frame = this.#backlog.shift();
      if (frame === undefined) break;
      this.#accept(frame);
    }
    if (this.#isFull()) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #isFull(): boolean {
    return this.#running.size >= this.#limits.maxCalls || this.#socket.writableLength >= this.#limits.maxUnsentBytes;
  }

  #accept(frame: Frame): void {
    if (frame.type !== FRAME_TYPE.request) return;
    try {
      this.#checkStream(frame);
      const request = Request.decode(payloadOf(frame));
      const method = this.#methodOf(request);
      void this.#run(frame.streamId, request, method);
    } catch (error) {
      this.#answer(frame.streamId, error);
    }
  }

  #checkStream({ streamId, flags }: Frame): void {
    if (streamId % 2 === 0) {
      throw new TtrpcError("INVALID_ARGUMENT", `Cannot take call ${String(streamId)}: a client's stream ids are odd`);
    }
    if (streamId <= this.#lastStreamId) {
      const last = String(this.#lastStreamId);
      throw new TtrpcError(
        "INVALID_ARGUMENT",
        `Cannot take call ${String(streamId)}: stream ids rise, ${last} was used`,
      );
    }
    this.#lastStreamId = streamId;
    if ((flags & FLAG_REMOTE_OPEN) !== 0) {
      throw new TtrpcError("UNIMPLEMENTED", `Cannot take call ${String(streamId)}: streams are not supported`);
    }
  }

  #methodOf({ service, method }: Request): ServedMethod {
    const found = this.#methods.get(`${service}/${method}`);
    if (found === undefined) {
      throw new TtrpcError("UNIMPLEMENTED", `Cannot call "${service}/${method}": there is no such method`);
    }
    if (found.waits && this.#waiting.size >= this.#limits.maxWaitingCalls) {
      const count = String(this.#waiting.size);
      throw new TtrpcError("RESOURCE_EXHAUSTED", `Cannot call "${service}/${method}": ${count} calls wait already`);
    }
    return found;
  }

  /** A call counts until its handler is done, also after its deadline. */
  async #run(streamId: number, request: Request, { handle, waits }: ServedMethod): Promise<void> {
    const abort = new AbortController();
    const { signal } = abort;
    const late = new AbortController();
    const calls = waits ? this.#waiting : this.#running;
    calls.add(abort);
    const timer = this.#startDeadline(request, [abort, late]);
    signal.addEventListener("abort", () => {
      this.#answer(streamId, signal.reason);
    });
    const call = { metadata: metadataOf(request), signal, deadline: late.signal };
    try {
      const payload = await handle(request.payload, call);
      if (!signal.aborted) this.#answer(streamId, payload);
    } catch (error) {
      if (!signal.aborted) this.#answer(streamId, error);
    } finally {
      clearTimeout(timer);
      calls.delete(abort);
      this.#work();
    }
  }

  #startDeadline(
    { timeoutNano, service, method }: Request,
    calls: readonly AbortController[],
  ): NodeJS.Timeout | undefined {
    if (timeoutNano === 0n) return undefined;
    const ms = Math.min(Number(timeoutNano) / 1e6, MAX_TIMER_MS);
    return setTimeout(() => {
      const took = String(Math.round(ms));
      const message = `Cannot call "${service}/${method}": it took longer than ${took} ms`;
      for (const call of calls) call.abort(new TtrpcError("DEADLINE_EXCEEDED", message));
    }, ms);
  }

  /** @param outcome the encoded answer, or what was thrown. */
  #answer(streamId: number, outcome: unknown): void {
    if (!this.#socket.writable) return;
    this.#socket.write(encodeFrame({ streamId, type: FRAME_TYPE.response, flags: 0 }, responseOf(outcome)));
  }

  #abort(calls: Iterable<AbortController>, why: string): void {
    for (const call of calls) call.abort(new TtrpcError("UNAVAILABLE", `Cannot go on with the call: ${why}`));
  }
}

function payloadOf({ payload, streamId }: Frame): Uint8Array {
  if (payload !== undefined) return payload;
  const limit = String(MAX_PAYLOAD_BYTES);
  throw new TtrpcError("RESOURCE_EXHAUSTED", `Cannot take call ${String(streamId)}: it has more than ${limit} bytes`);
}

function responseOf(outcome: unknown): Uint8Array {
  if (!(outcome instanceof Uint8Array)) return Response.encode({ status: statusFromError(outcome) });
  const response = Response.encode({ payload: outcome });
  if (response.byteLength <= MAX_PAYLOAD_BYTES) return response;
  const [size, limit] = [String(response.byteLength), String(MAX_PAYLOAD_BYTES)];
  return responseOf(new TtrpcError("RESOURCE_EXHAUSTED", `Cannot answer: ${size} bytes are more than ${limit}`));
}

function metadataOf({ metadata }: Request): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { key, value } of metadata) {
    const name = key.toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return values;
}
