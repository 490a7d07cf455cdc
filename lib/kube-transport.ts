import { setTimeout as sleep } from "node:timers/promises";
import { Agent, ProxyAgent, type Dispatcher } from "undici";
import { withDeadline } from "./deadline.ts";
import { messageOf } from "./errors.ts";
import { errorFromAnswer, parseJson } from "./kube-answer.ts";
import type { Credentials } from "./kube-credentials.ts";
import { isKubeError, KubeError } from "./kube-error.ts";
import { TokenBucket, waitForTurn, type RateLimit } from "./kube-rate-limit.ts";

export interface TransportOptions extends RateLimit {
  readonly credentials: Credentials;
  readonly userAgent: string;
  /** Time for one request and its answer, in milliseconds; for a watch, until the answer begins. */
  readonly timeoutMs: number;
  /** Called right before each request that writes is sent; what it throws stops the request. For a leader's fence. */
  readonly beforeWrite: () => void;
  /** Called once for each request, when its answer is there. */
  readonly onRequest: (request: RequestRecord) => void;
  /** Called with each `Warning` header of the server. */
  readonly onWarning: (text: string) => void;
}

export interface RequestRecord {
  readonly verb: string;
  /** Plural name. */
  readonly resource: string;
  /** HTTP status, or the code of the `KubeError` when there was no answer. */
  readonly code: string;
  readonly durationMs: number;
}

export interface KubeRequest {
  readonly verb: string;
  readonly resource: string;
  /** For messages: `get nodes "a"`. */
  readonly action: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With the query. */
  readonly path: string;
  readonly contentType?: string | undefined;
  /** @default application/json */
  readonly accept?: string | undefined;
  readonly body?: unknown;
}

/** The idle time after which an API server closes a connection is 90 s: be sooner. */
const KEEP_ALIVE_MS = 60_000;
/** A dead peer is noticed after this and ten more seconds, in which the kernel asks ten times. */
const TCP_KEEP_ALIVE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_ATTEMPTS = 4;
const RETRY_MS = 100;
/** We do not wait longer than this for a server that asks us to. */
const RETRY_AFTER_MAX_MS = 15_000;

/** Sends requests: one after another as the rate limit allows, with a deadline each, again where that is safe. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #dispatcher: Dispatcher;
  readonly #bucket: TokenBucket;
  readonly #base: string;

  constructor(options: TransportOptions) {
    const { pathname } = new URL(options.credentials.server);
    this.#options = options;
    this.#dispatcher = createDispatcher(options.credentials);
    this.#bucket = new TokenBucket(options);
    this.#base = pathname.replace(/\/$/, "");
  }

  /** @returns the answer's JSON. */
  async json(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      await waitForTurn(this.#bucket, signal);
      try {
        return await this.#withDeadline(request, async (limited) => this.#readJson(request, limited), signal);
      } catch (error) {
        const waitMs = attempt < MAX_ATTEMPTS ? retryDelayMs(request.method, error, Math.random()) : undefined;
        if (waitMs === undefined) throw error;
        await sleepUnlessAborted(waitMs, signal);
      }
    }
  }

  /** @returns the body as it comes in, without a deadline; `signal` ends it. Until it begins there is the deadline. */
  async stream(request: KubeRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    await waitForTurn(this.#bucket, signal);
    const headersTimeout = this.#options.timeoutMs;
    const answer = await this.#send(request, { headersTimeout, bodyTimeout: 0 }, signal);
    if (answer.statusCode !== 200) throw await this.#errorInTime(request, answer, signal);
    return answer.body;
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #withDeadline<R>(
    { action }: KubeRequest,
    work: (signal: AbortSignal) => Promise<R>,
    signal: AbortSignal,
  ): Promise<R> {
    const ms = this.#options.timeoutMs;
    function expired(): Error {
      return new KubeError("Timeout", `Cannot ${action}: no answer within ${ms} ms`);
    }
    return withDeadline({ ms, expired }, work, signal);
  }

  async #readJson(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#send(request, { headersTimeout: 0, bodyTimeout: 0 }, signal);
    if (answer.statusCode >= 300) throw await this.#errorOf(request, answer);
    return parseJson(request.action, await textOf(request, answer));
  }

  /** The body of a refusal has a deadline, unlike that of a stream. */
  async #errorInTime(request: KubeRequest, answer: Dispatcher.ResponseData, signal: AbortSignal): Promise<KubeError> {
    return this.#withDeadline(
      request,
      async (limited) => {
        limited.addEventListener("abort", () => answer.body.destroy(), { once: true });
        return this.#errorOf(request, answer);
      },
      signal,
    );
  }

  async #errorOf({ action, ...request }: KubeRequest, answer: Dispatcher.ResponseData): Promise<KubeError> {
    const text = await textOf({ action, ...request }, answer);
    const isJson = String(answer.headers["content-type"]).startsWith("application/json");
    const retryAfter = answer.headers["retry-after"]?.toString();
    const body = isJson ? parseJson(action, text) : text;
    return errorFromAnswer(action, { status: answer.statusCode, body, retryAfter });
  }

  async #send(
    request: KubeRequest,
    timeouts: Pick<Dispatcher.RequestOptions, "headersTimeout" | "bodyTimeout">,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const headers = await this.#headers(request);
    if (request.method !== "GET") this.#options.beforeWrite();
    const startMs = performance.now();
    let code = "Canceled";
    try {
      const answer = await this.#dispatcher.request({
        origin: new URL(this.#options.credentials.server).origin,
        path: `${this.#base}${request.path}`,
        method: request.method,
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
        ...timeouts,
      });
      code = String(answer.statusCode);
      this.#warn(answer.headers["warning"]);
      return answer;
    } catch (error) {
      const wrapped = unreachable(request, error);
      if (!signal.aborted) code = wrapped.code;
      signal.throwIfAborted();
      throw wrapped;
    } finally {
      const { verb, resource } = request;
      this.#options.onRequest({ verb, resource, code, durationMs: performance.now() - startMs });
    }
  }

  async #headers({ contentType, accept = "application/json" }: KubeRequest): Promise<Record<string, string>> {
    return {
      ...(await this.#options.credentials.headers()),
      accept,
      "user-agent": this.#options.userAgent,
      ...(contentType === undefined ? {} : { "content-type": contentType }),
    };
  }

  #warn(header: string | string[] | undefined): void {
    for (const text of [header ?? []].flat()) this.#options.onWarning(text);
  }
}

/**
 * How long to wait before the same request is sent again, in milliseconds; `undefined` when that would be wrong.
 *
 * 429 means that the server has not begun, so any request may be sent again. A lost connection tells nothing, so only a
 * reading one may.
 */
export function retryDelayMs(method: string, error: unknown, random: number): number | undefined {
  const jitter = 1 + random / 2;
  if (isKubeError(error, "TooManyRequests")) {
    const askedMs = error.retryAfterMs ?? RETRY_MS;
    return askedMs > RETRY_AFTER_MAX_MS ? undefined : askedMs * jitter;
  }
  const isLost = isKubeError(error, "Unavailable") && error.status === undefined;
  return isLost && method === "GET" ? RETRY_MS * jitter : undefined;
}

function createDispatcher({ tls, proxy }: Credentials): Dispatcher {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
  const connect = { ...tls, ...keepAlive, timeout: CONNECT_TIMEOUT_MS };
  // HTTP/1.1: with one connection for all, a stalled watch would hold up everything else.
  const common = { allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS };
  if (proxy !== undefined) return new ProxyAgent({ ...common, uri: proxy, requestTls: connect });
  return new Agent({ ...common, connect });
}

async function textOf(request: KubeRequest, answer: Dispatcher.ResponseData): Promise<string> {
  try {
    return await answer.body.text();
  } catch (error) {
    throw unreachable(request, error);
  }
}

function unreachable({ action }: KubeRequest, cause: unknown): KubeError {
  return new KubeError("Unavailable", `Cannot ${action}: the API server did not answer: ${messageOf(cause)}`, {
    cause,
  });
}

async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
