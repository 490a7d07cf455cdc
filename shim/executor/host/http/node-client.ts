import type { Agent, ClientRequest, RequestOptions } from "node:http";
import type { OutgoingCall } from "./outgoing-service.ts";
import { hasTrailers } from "./trailer-fields.ts";

/** What a connection is opened with, by whichever library. */
export interface ConnectOptions {
  readonly lookup?: RequestOptions["lookup"];
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

export interface NodeClientOptions {
  /** Connections to one origin at a time. */
  readonly maxConnections: number;
  /** Whether connections are kept for later requests. */
  readonly connections: "kept" | "closed";
  readonly connect: ConnectOptions;
}

type OpenByScheme = Readonly<Record<"http" | "https", (options: RequestOptions) => ClientRequest>>;

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** As long as undici keeps a connection for the next request. */
const IDLE_MS = 4000;

/** Opens requests by node:http and node:https. */
export class NodeClient {
  readonly #open: OpenByScheme;
  readonly #agents: readonly Agent[];

  /** Loads the two modules, which programs whose guests ask nobody do without. */
  constructor({ maxConnections, connections, connect }: NodeClientOptions) {
    const http = process.getBuiltinModule("node:http");
    const https = process.getBuiltinModule("node:https");
    const options = { maxSockets: maxConnections, keepAlive: connections === "kept", timeout: IDLE_MS };
    const plain = new http.Agent(options);
    const secure = new https.Agent(options);
    this.#agents = [plain, secure];
    this.#open = {
      http: (request) => http.request({ ...request, ...connect, agent: plain }),
      https: (request) => https.request({ ...request, ...connect, agent: secure }),
    };
  }

  /** The body and its trailers are the caller's. */
  open({ target, method, headers, maxFieldBytes }: OutgoingCall): ClientRequest {
    const { scheme, host, port, pathWithQuery } = target;
    const isDefault = port === DEFAULT_PORTS[scheme];
    return this.#open[scheme]({
      host: host.replaceAll(/[[\]]/g, ""),
      port,
      method,
      path: pathWithQuery,
      headers: ["host", isDefault ? host : `${host}:${port}`, ...framed(headers)],
      maxHeaderSize: maxFieldBytes,
    });
  }

  /** Closes the connections; requests that run are given up. */
  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

/** Node takes the field `trailer` with chunks only, and sends them by itself for some methods only. */
function framed(headers: readonly string[]): readonly string[] {
  if (hasTrailers(headers)) return [...headers, "transfer-encoding", "chunked"];
  const kept = headers.filter((_text, index) => headers[index - (index % 2)] !== "trailer");
  return kept.some((text, index) => index % 2 === 0 && text === "content-length")
    ? kept
    : [...kept, "transfer-encoding", "chunked"];
}
