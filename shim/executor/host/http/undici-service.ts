import type { LookupFunction } from "node:net";
import type { Agent } from "undici";
import type { OutgoingCall, OutgoingService, OutgoingTarget } from "./outgoing-service.ts";
import { PipeSink } from "./pipe-sink.ts";
import { UndiciExchange } from "./undici-exchange.ts";

/** The defaults of `wasmtime serve`. */
const DEFAULT_TIMEOUT_MS = 600_000;
const EMPTY = Buffer.alloc(0);

export interface UndiciOptions {
  isAllowed(target: OutgoingTarget): boolean;
  /** Connections to one origin at a time. */
  readonly maxConnections: number;
  /** Called before the first request: for what it needs, and programs without any do not. */
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

/** Sends guests' requests by undici, which is loaded at the first of them. */
export class UndiciService implements OutgoingService {
  readonly #options: UndiciOptions;
  #agent: Promise<Agent> | undefined = undefined;

  constructor(options: UndiciOptions) {
    this.#options = options;
  }

  isAllowed(target: OutgoingTarget): boolean {
    return this.#options.isAllowed(target);
  }

  send(call: OutgoingCall): void {
    const exchange = new UndiciExchange(call, call.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#dispatch(call, exchange).catch((error: unknown) => {
      exchange.abort(error instanceof Error ? error : new Error("Cannot send the request", { cause: error }));
    });
  }

  async #dispatch(call: OutgoingCall, exchange: UndiciExchange): Promise<void> {
    const { target } = call;
    const body = bodyOf(call);
    this.#agent ??= createAgent(this.#options, call.maxFieldBytes);
    const agent = await this.#agent;
    exchange.dispatch(agent, {
      origin: `${target.scheme}://${target.host}:${target.port}`,
      path: target.pathWithQuery,
      method: call.method,
      headers: [...call.headers],
      body,
      headersTimeout: call.firstByteTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      bodyTimeout: call.betweenBytesTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
  }

  /** Closes the connections; requests that run are given up. */
  async close(): Promise<void> {
    await (await this.#agent)?.destroy();
  }
}

async function createAgent(
  { maxConnections, beforeFirst, ...options }: UndiciOptions,
  maxHeaderSize: number,
): Promise<Agent> {
  beforeFirst?.();
  const undici = await import("undici");
  const { ca, ...shown } = options.tls ?? {};
  return new undici.Agent({
    connections: maxConnections,
    maxHeaderSize,
    allowH2: false, // It gives headers in another form, and all requests to a host one connection.
    ...(options.connections === "closed" ? { pipelining: 0 } : {}),
    connect: {
      timeout: DEFAULT_TIMEOUT_MS,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      ...(ca === undefined ? {} : { ca: [...ca] }),
      ...shown,
    },
  });
}

/** A body that is whole goes with its length; the others as they come. */
function bodyOf({ body }: OutgoingCall): Buffer | PipeSink["stream"] | null {
  if (body === undefined) return null;
  const whole = body.whole();
  if (whole !== undefined) return whole.length === 0 ? EMPTY : whole;
  const sink = new PipeSink({ trailers: "refused" }); // The client library sends none.
  body.attach(sink);
  return sink.stream;
}
