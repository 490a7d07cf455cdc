import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { withDeadline } from "@rcm/lib/deadline";
import { encodeFrame, type Frame, FRAME_TYPE, MAX_PAYLOAD_BYTES, readFrames } from "./frame.ts";
import { Request, Response } from "./messages.ts";
import { errorFromStatus, TtrpcError } from "./status.ts";

export interface CallRequest {
  readonly service: string;
  readonly method: string;
  /** The encoded request. */
  readonly payload: Uint8Array;
  /** The server is told, and the call fails after it whatever the server does. */
  readonly timeoutMs: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface PendingCall {
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

/** The last odd number that fits into a frame's header. */
const MAX_STREAM_ID = 0xffffffff;

/** Beyond as many calls without answer, or bytes that the server does not read, calls are refused. */
const MAX_PENDING_CALLS = 4096;
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

/** One connection to a ttrpc server, for any number of calls at a time. A lost connection is not opened again. */
export class TtrpcClient {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #pending = new Map<number, PendingCall>();
  #nextStreamId = 1;

  private constructor(path: string, socket: Socket) {
    this.#path = path;
    this.#socket = socket;
    readFrames(socket, (frames) => {
      for (const frame of frames) this.#take(frame);
    });
    socket.on("error", () => undefined); // "close" follows.
    socket.once("close", () => {
      const lost = this.#lost();
      for (const call of this.#pending.values()) call.reject(lost);
    });
  }

  /**
   * @param path of a Unix socket.
   * @throws {TtrpcError} `UNAVAILABLE` if nobody listens there, `DEADLINE_EXCEEDED` after `timeoutMs`.
   */
  static async connect(path: string, timeoutMs: number, signal: AbortSignal): Promise<TtrpcClient> {
    function expired(): TtrpcError {
      return new TtrpcError("DEADLINE_EXCEEDED", `Cannot connect to "${path}": no answer in ${String(timeoutMs)} ms`);
    }
    return withDeadline(
      { ms: timeoutMs, expired },
      async (limited) => {
        const socket = connect({ path });
        try {
          await once(socket, "connect", { signal: limited });
        } catch (error) {
          socket.on("error", () => undefined).destroy();
          throw new TtrpcError("UNAVAILABLE", `Cannot connect to "${path}"`, { cause: error });
        }
        return new TtrpcClient(path, socket);
      },
      signal,
    );
  }

  get isClosed(): boolean {
    return !this.#socket.writable;
  }

  /**
   * @returns the encoded answer.
   * @throws {TtrpcError} the server's status; `UNAVAILABLE` once the connection is lost, `DEADLINE_EXCEEDED` after
   *   `timeoutMs`, `RESOURCE_EXHAUSTED` if a limit forbids the call. If `signal` aborts, its reason.
   */
  async call(request: CallRequest, signal: AbortSignal): Promise<Uint8Array> {
    const { timeoutMs } = request;
    function expired(): TtrpcError {
      return refusal("DEADLINE_EXCEEDED", request, `there was no answer within ${String(timeoutMs)} ms`);
    }
    return withDeadline({ ms: timeoutMs, expired }, async (limited) => this.#exchange(request, limited), signal);
  }

  /** Calls without answer fail. */
  close(): void {
    this.#socket.destroy();
  }

  async #exchange(request: CallRequest, signal: AbortSignal): Promise<Uint8Array> {
    const payload = encodeRequest(request);
    this.#checkLimits(request, payload.byteLength);
    const streamId = this.#takeStreamId();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    signal.addEventListener("abort", () => {
      reject(signal.reason);
    });
    this.#pending.set(streamId, { resolve, reject });
    this.#socket.write(encodeFrame({ streamId, type: FRAME_TYPE.request, flags: 0 }, payload));
    try {
      return await promise;
    } finally {
      this.#pending.delete(streamId);
    }
  }

  #checkLimits(request: CallRequest, bytes: number): void {
    if (this.isClosed) throw this.#lost();
    if (bytes > MAX_PAYLOAD_BYTES) {
      throw refusal("RESOURCE_EXHAUSTED", request, `${String(bytes)} bytes are more than ${String(MAX_PAYLOAD_BYTES)}`);
    }
    if (this.#pending.size >= MAX_PENDING_CALLS) {
      throw refusal("RESOURCE_EXHAUSTED", request, `${String(this.#pending.size)} calls have no answer yet`);
    }
    const unsent = this.#socket.writableLength;
    if (unsent >= MAX_UNSENT_BYTES) {
      throw refusal("RESOURCE_EXHAUSTED", request, `the server has not read ${String(unsent)} bytes`);
    }
  }

  /** Ids are not used twice: after the last one, the connection is of no more use. */
  #takeStreamId(): number {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    if (streamId <= MAX_STREAM_ID) return streamId;
    this.close();
    throw this.#lost();
  }

  #take({ streamId, type, payload }: Frame): void {
    const call = this.#pending.get(streamId);
    if (call === undefined) return; // Nobody waits for it any more.
    if (type === FRAME_TYPE.data) {
      call.reject(new TtrpcError("UNIMPLEMENTED", `Cannot take the answer of "${this.#path}": it is a stream`));
    } else if (type === FRAME_TYPE.response) {
      settle(call, payload);
    }
  }

  #lost(): TtrpcError {
    return new TtrpcError("UNAVAILABLE", `Cannot call the server at "${this.#path}": the connection was lost`);
  }
}

function settle({ resolve, reject }: PendingCall, payload: Uint8Array | undefined): void {
  if (payload === undefined) {
    const limit = String(MAX_PAYLOAD_BYTES);
    reject(new TtrpcError("RESOURCE_EXHAUSTED", `Cannot take the answer: it has more than ${limit} bytes`));
    return;
  }
  try {
    const response = Response.decode(payload);
    const status = response.status;
    if (status === undefined || status.code === 0) resolve(response.payload);
    else reject(errorFromStatus(status));
  } catch (error) {
    reject(new TtrpcError("INTERNAL", "Cannot take the answer: it cannot be decoded", { cause: error }));
  }
}

function encodeRequest({ service, method, payload, timeoutMs, metadata = {} }: CallRequest): Uint8Array {
  return Request.encode({
    service,
    method,
    payload,
    timeoutNano: BigInt(Math.max(1, Math.round(timeoutMs * 1e6))), // 0 would be no limit.
    metadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

function refusal(code: "DEADLINE_EXCEEDED" | "RESOURCE_EXHAUSTED", request: CallRequest, why: string): TtrpcError {
  return new TtrpcError(code, `Cannot call "${request.service}/${request.method}": ${why}`);
}
