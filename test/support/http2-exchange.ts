import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { text } from "node:stream/consumers";

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

export interface Http2Ask {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
}

const DEADLINE_MS = 60_000;

/** A connection with prior knowledge of HTTP/2 to a server on this machine. */
export async function openSession(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined); // Its streams fail too.
  await once(session, "connect");
  return session;
}

/** One request, sent, unless `body` is a string; the answer is still to come. */
export function openStream(session: ClientHttp2Session, ask: Http2Ask): ClientHttp2Stream {
  const { path, body, trailers, method = body === undefined ? "GET" : "POST", headers } = ask;
  const hasBody = body !== undefined || trailers !== undefined;
  const stream = session.request(
    { ":path": path, ":method": method, ...headers },
    { endStream: !hasBody, waitForTrailers: trailers !== undefined, signal: AbortSignal.timeout(DEADLINE_MS) },
  );
  if (trailers !== undefined) stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  if (hasBody) stream.end(body);
  return stream;
}

/** One request and its whole answer. */
export async function exchangeHttp2(session: ClientHttp2Session, ask: Http2Ask): Promise<Http2Answer> {
  const stream = openStream(session, ask);
  let trailers: IncomingHttpHeaders = {};
  stream.once("trailers", (received) => (trailers = received));
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status"?: number }];
  const body = await text(stream);
  return { status: headers[":status"] ?? 0, headers, body, trailers };
}
