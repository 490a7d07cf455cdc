import { Buffer } from "node:buffer";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { ContentError } from "./errors.ts";

/** A byte that says whether the message is compressed, and its length in four bytes. */
const HEAD_BYTES = 5;
/** As containerd's own clients have it. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const SCHEME = /^unix:(?:\/\/)?/;

/**
 * Calls containerd on its socket, in one namespace, with messages that are encoded.
 *
 * @see {@link https://github.com/grpc/grpc/blob/v1.76.0/doc/PROTOCOL-HTTP2.md}
 */
export class GrpcClient {
  readonly #session: ClientHttp2Session;
  readonly #namespace: string;
  readonly #signal: AbortSignal;
  #failure: unknown;

  /** @param signal ends all calls. */
  constructor(address: string, namespace: string, signal: AbortSignal) {
    const path = address.replace(SCHEME, "");
    this.#namespace = namespace;
    this.#signal = signal;
    this.#session = connectHttp2("http://localhost", { createConnection: () => connect(path) });
    this.#session.on("error", (error) => {
      this.#failure ??= error;
    });
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }

  /**
   * @param method `package.Service/Method`
   * @throws {ContentError} `UNREACHABLE`
   */
  async call(method: string, request: Uint8Array): Promise<Uint8Array> {
    for await (const answer of this.stream(method, request)) return answer;
    throw new ContentError("UNREACHABLE", `Cannot call "${method}" of containerd: it answered nothing`);
  }

  /** As {@link call}, with any number of answers. */
  async *stream(method: string, request: Uint8Array): AsyncGenerator<Uint8Array, void> {
    const stream = this.#open(method);
    try {
      const status = watchStatus(stream);
      stream.end(frame(request));
      yield* messages(stream);
      status.check();
    } catch (error) {
      const cause: unknown = this.#signal.aborted ? this.#signal.reason : (this.#failure ?? error);
      throw new ContentError("UNREACHABLE", `Cannot call "${method}" of containerd`, { cause });
    } finally {
      stream.destroy();
    }
  }

  #open(method: string): ClientHttp2Stream {
    const headers = {
      ":method": "POST",
      ":path": `/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      "containerd-namespace": this.#namespace,
    };
    return this.#session.request(headers, { signal: this.#signal });
  }
}

function frame(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The status of a call comes behind its answers, or, if there are none, at once. */
function watchStatus(stream: ClientHttp2Stream): { check(): void } {
  let status: unknown;
  let text = "";
  function note(headers: Readonly<Record<string, unknown>>): void {
    status ??= headers["grpc-status"];
    const message = headers["grpc-message"];
    if (typeof message === "string") text = message;
  }
  stream.on("response", note).on("trailers", note);
  return {
    check() {
      if (status !== "0") throw new Error(`it answered with status ${String(status)}: ${decode(text)}`);
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function* messages(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array, void> {
  let waiting: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    for (let size = sizeOf(waiting); size !== undefined && waiting.length >= size; size = sizeOf(waiting)) {
      yield waiting.subarray(HEAD_BYTES, size);
      waiting = waiting.subarray(size);
    }
  }
  if (waiting.length > 0) throw new Error("its answer was cut off");
}

/** Of the first message with its head, if the head is there. */
function sizeOf(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const length = bytes.readUInt32BE(1);
  if (bytes[0] === 0 && length <= MAX_MESSAGE_BYTES) return HEAD_BYTES + length;
  throw new Error("its answer is compressed or too long");
}
