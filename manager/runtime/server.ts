import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CodedError, messageOf } from "@rcm/lib/errors";
import type { Log } from "@rcm/lib/log";

export interface StatusServerOptions {
  /** All addresses when absent. */
  readonly host?: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** What is wrong; nothing means healthy. The kubelet restarts a pod that is not. */
  readonly health: () => readonly string[];
  /** What is not ready yet; nothing means ready. */
  readonly readiness: () => readonly string[];
  readonly log: Log;
}

export interface StatusServer {
  readonly port: number;
  /** Takes no new connections, lets answers end, and returns within a second. */
  close(): Promise<void>;
}

class StatusServerError extends CodedError<"LISTEN_FAILED"> {
  override readonly name = "StatusServerError";
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";
const CLOSE_MS = 1000;
/** Nobody who scrapes or probes needs longer to ask. */
const REQUEST_MS = 5000;

/**
 * Serves `/metrics`, `/healthz` and `/readyz` by HTTP.
 *
 * @throws {StatusServerError} `LISTEN_FAILED` when the address is taken or not allowed.
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    void respond(request, response, options);
  });
  server.listen(options.port, options.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const address = `${options.host ?? ""}:${options.port}`;
    const remedy = "choose others by --metrics-address and --health-address";
    throw new StatusServerError("LISTEN_FAILED", `Cannot listen on "${address}": ${remedy}`, { cause });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server that listens has this kind of address
  const { port } = server.address() as AddressInfo;
  return { port, close: async () => closeServer(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: StatusServerOptions,
): Promise<void> {
  const { status, type, body } = await answerTo(request, options).catch((error: unknown) => {
    options.log.error("Request failed", { path: request.url, error });
    return { status: 500, type: TEXT, body: `${messageOf(error)}\n` };
  });
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function answerTo({ method, url }: IncomingMessage, options: StatusServerOptions): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") return { status: 405, type: TEXT, body: "GET only\n" };
  const [path = ""] = (url ?? "").split("?", 1);
  switch (path) {
    case "/metrics":
      return { status: 200, type: options.metrics.contentType, body: await options.metrics.text() };
    case "/healthz":
      return verdict(options.health());
    case "/readyz":
      return verdict(options.readiness());
    default:
      return { status: 404, type: TEXT, body: "Try /metrics, /healthz or /readyz\n" };
  }
}

function verdict(problems: readonly string[]): Answer {
  if (problems.length === 0) return { status: 200, type: TEXT, body: "ok\n" };
  return { status: 503, type: TEXT, body: `${problems.join("\n")}\n` };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
