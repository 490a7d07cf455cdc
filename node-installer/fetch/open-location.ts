import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { cannotFetch } from "./fetch-error.ts";
import { connectionFailure, parseRetryAfter, statusFailure } from "./http-failure.ts";
import type { FetchOrder } from "./request.ts";
import { shownLocation } from "./shown-location.ts";

/** An answer with status 200 whose body has not been read. */
export interface OpenLocation extends AsyncDisposable {
  readonly body: Readable;
  /** As the server says; `undefined` if it does not. */
  readonly length: number | undefined;
}

interface Answer extends AsyncDisposable {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: Readable;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for the location and follows up to 5 redirects, never from https to http.
 *
 * @throws {FetchError} `RedirectRefused`, or what `statusFailure` and `connectionFailure` make of the answer.
 */
export async function openLocation(order: FetchOrder, signal: AbortSignal): Promise<OpenLocation> {
  let url = order.url;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await ask(url, order, signal);
    try {
      if (answer.status === 200) return opened(answer);
      if (!REDIRECTS.has(answer.status)) {
        const retryAfterMs = parseRetryAfter(headerOf(answer, "retry-after"), Date.now());
        throw statusFailure(shownLocation(url), answer.status, retryAfterMs);
      }
      url = nextLocation(url, headerOf(answer, "location"), order.shown);
    } catch (error) {
      await answer[Symbol.asyncDispose]();
      throw error;
    }
    await answer[Symbol.asyncDispose]();
    if (redirects === MAX_REDIRECTS) {
      throw cannotFetch("RedirectRefused", order.shown, `it is redirected more than ${String(MAX_REDIRECTS)} times`);
    }
  }
}

function opened(answer: Answer): OpenLocation {
  const length = headerOf(answer, "content-length");
  return {
    body: answer.body,
    length: length === undefined ? undefined : Number(length),
    [Symbol.asyncDispose]: answer[Symbol.asyncDispose],
  };
}

async function ask(url: URL, order: FetchOrder, signal: AbortSignal): Promise<Answer> {
  // Loaded on demand: it takes 25 MB of memory, which an install from a file does not need.
  const { createDispatcher } = await import("./dispatcher.ts");
  const dispatcher = createDispatcher(url, order);
  try {
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: "GET",
      headers: requestHeaders(url, order.url),
      headersTimeout: order.limits.idleTimeoutMs,
      bodyTimeout: order.limits.idleTimeoutMs,
      signal,
    });
    answer.body.on("error", ignore); // Whoever reads it is told; without a reader it must not end the process.
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body,
      [Symbol.asyncDispose]: async () => dispatcher.destroy(),
    };
  } catch (error) {
    await dispatcher.destroy();
    throw signal.aborted ? error : connectionFailure(shownLocation(url), error);
  }
}

/** What is sent: the bytes are wanted as they are, and the password goes to the host of the location only. */
function requestHeaders(url: URL, first: URL): Record<string, string> {
  const headers = { "user-agent": "rcm-node-installer", accept: "*/*", "accept-encoding": "identity" };
  const { username, password } = url.origin === first.origin ? first : url;
  if (username === "" && password === "") return headers;
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`);
  return { ...headers, authorization: `Basic ${credentials.toString("base64")}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign that escapes nothing stands for itself.
  }
}

function nextLocation(url: URL, location: string | undefined, shown: string): URL {
  if (location === undefined || !URL.canParse(location, url)) {
    throw cannotFetch("RedirectRefused", shown, "it is redirected without saying where to");
  }
  const next = new URL(location, url);
  const where = shownLocation(next);
  if (next.protocol !== "http:" && next.protocol !== "https:") {
    throw cannotFetch("RedirectRefused", shown, `it is redirected to "${where}", which is no https or http URL`);
  }
  if (url.protocol === "https:" && next.protocol === "http:") {
    throw cannotFetch(
      "RedirectRefused",
      shown,
      `it is redirected from https to "${where}", where anybody could change it`,
    );
  }
  return next;
}

function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function ignore(): void {
  // Nothing to do.
}
