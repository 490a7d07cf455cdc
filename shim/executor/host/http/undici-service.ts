import type { Agent } from "undici";
import type { OutgoingCall, OutgoingService, OutgoingTarget } from "./outgoing-service.ts";
import { RequestSink } from "./request-sink.ts";
import { UndiciExchange } from "./undici-exchange.ts";

/** The defaults of `wasmtime serve`. */
const DEFAULT_TIMEOUT_MS = 600_000;
const EMPTY = Buffer.alloc(0);

export interface UndiciOptions {
  isAllowed(target: OutgoingTarget): boolean;
  /** Connections to one origin at a time. */
  readonly maxConnections: number;
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
    this.#agent ??= createAgent(this.#options.maxConnections);
    const agent = await this.#agent;
    agent.dispatch(
      {
        origin: `${target.scheme}://${target.host}:${target.port}`,
        path: target.pathWithQuery,
        method: call.method,
        headers: [...call.headers],
        body,
        headersTimeout: call.firstByteTimeoutMs ?? DEFAULT_TIMEOUT_MS,
        bodyTimeout: call.betweenBytesTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      },
      exchange,
    );
  }

  /** Closes the connections; requests that run are given up. */
  async close(): Promise<void> {
    await (await this.#agent)?.destroy();
  }
}

async function createAgent(maxConnections: number): Promise<Agent> {
  const undici = await import("undici");
  return new undici.Agent({ connections: maxConnections, connect: { timeout: DEFAULT_TIMEOUT_MS } });
}

/** A body that is whole goes with its length; the others as they come. */
function bodyOf({ body }: OutgoingCall): Buffer | RequestSink["stream"] | null {
  if (body === undefined) return null;
  const whole = body.whole();
  if (whole !== undefined) return whole.length === 0 ? EMPTY : whole;
  const sink = new RequestSink();
  body.attach(sink);
  return sink.stream;
}
