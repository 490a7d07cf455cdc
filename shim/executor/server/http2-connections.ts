import { constants, createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ClientAnswer } from "./answer.ts";
import type { ClientRequest, RequestLimits } from "./client-request.ts";
import { Http2Answer } from "./http2-answer.ts";
import { Http2Request } from "./http2-request.ts";

/** As nghttp2 proposes for servers: RFC 9113, 6.5.2 wants at least 100. */
const MAX_STREAMS = 128;
/** What a stream may send before somebody reads it: enough for 1 Gbit/s at 2 ms. */
const WINDOW_BYTES = 256 << 10;
/** With it a client does not send a body before it is told to. */
const CONTINUE = "100-continue";
/** Fields of a request. Node's HTTP/1 takes as many. */
const MAX_FIELDS = 2000;

export interface Http2Options {
  readonly limits: RequestLimits;
  readonly maxHeaderBytes: number;
  /** A connection on which nothing happens ends after so many milliseconds. */
  readonly idleMs: number;
  readonly onRequest: (request: ClientRequest, answer: ClientAnswer) => void;
}

/** The connections of HTTP/2, which clients open with prior knowledge: there is no TLS here to ask by. */
export class Http2Connections {
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor({ limits, maxHeaderBytes, idleMs, onRequest }: Http2Options) {
    this.#server = createServer({
      maxHeaderListPairs: MAX_FIELDS,
      settings: {
        maxConcurrentStreams: MAX_STREAMS,
        initialWindowSize: WINDOW_BYTES,
        maxHeaderListSize: maxHeaderBytes,
        enablePush: false,
      },
    });
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.setTimeout(idleMs, () => {
        session.close();
      });
      session.on("stream", (stream, headers, flags, raw) => {
        stream.on("error", () => undefined); // Whoever reads or writes it learns of it.
        // A client may have reset it with the words that opened it.
        const isGone = stream.closed || stream.destroyed;
        if (headers.expect === CONTINUE && !isGone) {
          stream.additionalHeaders({ ":status": constants.HTTP_STATUS_CONTINUE });
        }
        const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
        const answer = new Http2Answer(stream, headers[":method"] === "HEAD");
        onRequest(new Http2Request(stream, { headers, raw, hasBody }, limits), answer);
      });
    });
    this.#server.on("sessionError", () => undefined); // The client's fault, and its connection is gone.
  }

  /** @param socket nothing of which has been read, or all of it was put back. */
  take(socket: Socket): void {
    socket.allowHalfOpen = false; // As for node:http, whose server it is; here a client that has closed is gone.
    this.#server.emit("connection", socket);
  }

  /** Whether there is a connection that still has a request, or does not know yet that it must end. */
  get isOpen(): boolean {
    return [...this.#sessions].some((session) => !session.destroyed);
  }

  /** Has every connection end with the last of the requests that it has: clients make new ones. */
  renew(): void {
    for (const session of this.#sessions) session.close();
  }
}
