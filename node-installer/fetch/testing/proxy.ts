import { type IncomingMessage, type ServerResponse, request as ask } from "node:http";
import { type Socket, connect } from "node:net";
import { serve } from "./loopback.ts";

export interface LoopbackProxy extends AsyncDisposable {
  readonly url: string;
  /** `CONNECT host:port` and `GET URL`, with the credentials that came along. */
  readonly seen: readonly string[];
}

/** A proxy on 127.0.0.1 that forwards plain requests and makes tunnels; refuses all by a status, or never answers, if told so. */
export async function serveProxy(fault?: number | "silent"): Promise<LoopbackProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const {
    url,
    server,
    [Symbol.asyncDispose]: close,
  } = await serve((request, response) => {
    seen.push(`GET ${request.url ?? ""}${credentials(request)}`);
    if (fault === undefined) forward(request, response);
    else if (fault !== "silent") response.writeHead(fault).end();
  });
  server.on("connect", (request, socket: Socket) => {
    seen.push(`CONNECT ${request.url ?? ""}${credentials(request)}`);
    sockets.add(socket);
    if (fault === undefined) tunnel(request.url ?? "", socket);
    else if (fault !== "silent") socket.end(`HTTP/1.1 ${String(fault)} Refused\r\n\r\n`);
  });
  return {
    url,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await close();
    },
  };
}

function credentials({ headers }: IncomingMessage): string {
  const value = headers["proxy-authorization"];
  return value === undefined ? "" : ` ${value}`;
}

function forward(request: IncomingMessage, response: ServerResponse): void {
  ask(request.url ?? "", { headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }).end();
}

function tunnel(target: string, socket: Socket): void {
  const [host = "", port = ""] = target.split(":");
  const upstream = connect(Number(port), host, () => {
    socket.write("HTTP/1.1 200 Connected\r\n\r\n");
    socket.pipe(upstream).pipe(socket);
  });
  for (const [one, other] of [
    [socket, upstream],
    [upstream, socket],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
}
