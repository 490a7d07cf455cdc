import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import type { Agent } from "undici";
import { type ConnectOptions, NodeClient } from "./node-client.ts";
import { NodeExchange } from "./node-exchange.ts";
import type { OutgoingCall, OutgoingService, OutgoingTarget } from "./outgoing-service.ts";
import { PipeSink } from "./pipe-sink.ts";
import { hasTrailers } from "./trailer-fields.ts";
import { UndiciExchange } from "./undici-exchange.ts";

/** The defaults of `wasmtime serve`. */
const DEFAULT_TIMEOUT_MS = 600_000;

export interface HttpClientOptions {
  /** Whether guests may send requests there. */
  isAllowed(target: OutgoingTarget): boolean;
  /** Connections to one origin at a time, of each of the two clients. */
  readonly maxConnections: number;
  /** Called before the first request of each of the two clients: prepares what programs without requests do not need. */
  readonly beforeFirst?: () => void;
  /** In place of Node's. */
  readonly lookup?: LookupFunction;
  /** Whether connections are kept for later requests. Default: they are. */
  readonly connections?: "kept" | "closed";
  /** In place of Node's certificates, and what the client shows of itself: PEM. */
  readonly tls?: TlsOptions;
}

export interface TlsOptions {
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Sends guests' HTTP requests. Most go through undici, which is loaded at the first of them. Undici cannot send trailers,
 * and does not send the head of a request before the first bytes of its body: requests that need either go through
 * `node:http`, with the same limits but over connections of their own.
 */
export class HttpClientService implements OutgoingService {
  readonly #options: HttpClientOptions;
  #agent: Promise<Agent> | undefined = undefined;
  #client: NodeClient | undefined = undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  isAllowed(target: OutgoingTarget): boolean {
    return this.#options.isAllowed(target);
  }

  send(call: OutgoingCall): void {
    const { body, headers } = call;
    const isWhole = body === undefined || (body.isWhole && !hasTrailers(headers));
    if (isWhole) {
      this.#byUndici(call, body?.takeWhole() ?? null);
      return;
    }
    const sink = new PipeSink();
    body.attach(sink);
    if (hasTrailers(headers)) this.#byNode(call, sink);
    else {
      // By then the guest waits, or has written something.
      queueMicrotask(() => {
        if (sink.isHeadFirst) this.#byNode(call, sink);
        else this.#byUndici(call, sink.stream);
      });
    }
  }

  #byUndici(call: OutgoingCall, body: Buffer | Readable | null): void {
    const exchange = new UndiciExchange(call, call.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#dispatch(call, exchange, body).catch((error: unknown) => {
      exchange.giveUp(errorFrom(error));
    });
  }

  async #dispatch(call: OutgoingCall, exchange: UndiciExchange, body: Buffer | Readable | null): Promise<void> {
    const { scheme, host, port, pathWithQuery } = call.target;
    this.#agent ??= createAgent(this.#options, call.maxFieldBytes);
    const agent = await this.#agent;
    exchange.dispatch(agent, {
      origin: `${scheme}://${host}:${port}`,
      path: pathWithQuery,
      method: call.method,
      headers: [...call.headers],
      body,
      headersTimeout: call.firstByteTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      bodyTimeout: call.betweenBytesTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
  }

  #byNode(call: OutgoingCall, sink: PipeSink): void {
    const exchange = new NodeExchange(call, sink, {
      connectMs: call.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      firstByteMs: call.firstByteTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      betweenBytesMs: call.betweenBytesTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
    try {
      const client = (this.#client ??= createClient(this.#options));
      exchange.send(() => client.open(call));
    } catch (error) {
      exchange.giveUp(errorFrom(error));
    }
  }

  /** Closes the connections; requests that run are given up. */
  async close(): Promise<void> {
    this.#client?.close();
    await (await this.#agent)?.destroy();
  }
}

function errorFrom(error: unknown): Error {
  return error instanceof Error ? error : new Error("Cannot send the request", { cause: error });
}

async function createAgent(options: HttpClientOptions, maxHeaderSize: number): Promise<Agent> {
  options.beforeFirst?.();
  const undici = await import("undici");
  return new undici.Agent({
    connections: options.maxConnections,
    maxHeaderSize,
    allowH2: false, // It gives headers in another form, and all requests to a host one connection.
    ...(options.connections === "closed" ? { pipelining: 0 } : {}),
    connect: { timeout: DEFAULT_TIMEOUT_MS, ...connectOptions(options) },
  });
}

function createClient(options: HttpClientOptions): NodeClient {
  options.beforeFirst?.();
  const { maxConnections, connections = "kept" } = options;
  return new NodeClient({ maxConnections, connections, connect: connectOptions(options) });
}

function connectOptions({ lookup, tls: { ca, ...shown } = {} }: HttpClientOptions): ConnectOptions {
  return {
    ...(lookup === undefined ? {} : { lookup }),
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...shown,
  };
}
