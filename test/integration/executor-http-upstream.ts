import http from "node:http";
import { buffer } from "node:stream/consumers";

/** Fields that each client sends as it likes. */
const OWN = new Set(["connection", "host", "content-length", "transfer-encoding"]);

/** The server that guests ask: it answers with what it was sent. */
export function createUpstream(
  create: (listener: http.RequestListener) => http.Server = http.createServer,
): http.Server {
  const server = create((request, response) => {
    answer(request, response).catch(() => response.destroy()); // The guest broke its request off.
  });
  server.on("clientError", (_error, socket) => {
    socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  return server;
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  response.setHeader("x-kind", request.headers.host === undefined ? "no host" : "upstream");
  if (request.url === "/whole-at-once") {
    response.end("whole\n");
    request.resume();
    return;
  }
  if (request.url === "/at-once") response.flushHeaders();
  if (request.url === "/hints") response.writeEarlyHints({ link: "</a>; rel=preload" });
  if (request.url === "/204") response.statusCode = 204;
  if (request.url === "/trailers") {
    response.writeHead(200, { trailer: "x-end" });
    response.addTrailers([["x-end", "1"]]);
  }
  const body = await buffer(request);
  response.end(`${describe(request, body)}\n`);
}

function describe(request: http.IncomingMessage, body: Buffer): string {
  const { headers } = request;
  const framing = headers["transfer-encoding"] ?? `length ${headers["content-length"] ?? "none"}`;
  return [
    `${request.method} ${Buffer.from(request.url ?? "", "latin1").toString()}`,
    ...(request.url === "/framing" ? [framing] : []),
    pairs(request.rawHeaders),
    body.length > 100 ? `${body.length} bytes` : body.toString(),
    pairs(request.rawTrailers),
  ].join(" | ");
}

function pairs(raw: readonly string[]): string {
  const shown: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? "";
    if (!OWN.has(name)) shown.push(`${name}=${raw[index + 1]}`);
  }
  return `[${shown.join(", ")}]`;
}
