import http from "node:http";
import { text } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
}

export interface Ask {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
  readonly agent?: http.Agent;
}

const DEADLINE_MS = 60_000;

/** One request to a server on this machine, and its whole answer. */
export async function exchange(ask: Ask): Promise<Answer> {
  const response = await open(ask);
  const body = await text(response);
  return { status: response.statusCode ?? 0, headers: response.headers, body, trailers: response.trailers };
}

/** One request, sent; the answer's head. */
export async function open({ port, path, method, headers, body, trailers, agent }: Ask): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request({
    host: "127.0.0.1",
    port,
    path,
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: headers ?? {},
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...(agent === undefined ? {} : { agent }),
  });
  request.once("response", resolve).once("error", reject);
  if (trailers !== undefined) {
    if (body !== undefined) request.write(body);
    request.addTrailers(trailers);
    request.end();
  } else request.end(body);
  return promise;
}
