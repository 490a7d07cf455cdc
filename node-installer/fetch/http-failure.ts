import { type FetchError, type FetchReason, cannotFetch } from "./fetch-error.ts";

const REASONS: Readonly<Partial<Record<number, FetchReason>>> = {
  401: "ArtifactForbidden",
  403: "ArtifactForbidden",
  407: "ArtifactForbidden",
  404: "ArtifactNotFound",
  410: "ArtifactNotFound",
};

const REMEDIES: Readonly<Partial<Record<FetchReason, string>>> = {
  ArtifactForbidden: "it must be readable without more rights than the location holds",
  ArtifactNotFound: "check the location in the Shim",
};

/** Request Timeout and Too Many Requests: https://www.rfc-editor.org/rfc/rfc9110#status.408, https://www.rfc-editor.org/rfc/rfc6585#section-4 */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 429]);

/** `error.code` of certificates that are not trusted: https://nodejs.org/docs/latest-v26.x/api/tls.html#x509-certificate-error-codes */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|CRL_|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED/u;
const TIMEOUTS = /^(?:UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/u;
/** How undici says that a proxy refuses a tunnel or a request. */
const PROXY_ANSWER = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/u;

/**
 * The error for a status that is no success and no redirect. Another attempt may help for 408, 429 and 5xx.
 *
 * @param retryAfter the header, as `parseRetryAfter` reads it.
 */
export function statusFailure(shown: string, status: number, retryAfterMs: number | undefined): FetchError {
  const code = REASONS[status] ?? "ArtifactUnavailable";
  const retried = status >= 500 || RETRIED_STATUSES.has(status);
  const remedy = REMEDIES[code] ?? (retried ? "the server is in trouble" : "200 is expected");
  const theCase = `the server answers with status ${String(status)}: ${remedy}`;
  return cannotFetch(code, shown, theCase, { retryAfterMs: retried ? (retryAfterMs ?? 0) : undefined });
}

/** The error for a connection that could not be made, broke or timed out. */
export function connectionFailure(shown: string, cause: unknown): FetchError {
  const { codes, messages } = chainOf(cause);
  const proxy = PROXY_ANSWER.exec(messages.join("\n"));
  if (proxy !== null) return proxyFailure(shown, Number(proxy[1] ?? proxy[2]), cause);
  const code = codes[0] ?? messages[0] ?? "unknown error";
  if (codes.some((one) => UNTRUSTED.test(one))) {
    const theCase = `the server's certificate is not trusted (${code}): add its authority to the CA bundle`;
    return cannotFetch("ArtifactUnavailable", shown, theCase, { cause });
  }
  if (codes.some((one) => TIMEOUTS.test(one))) {
    return cannotFetch("ArtifactTimeout", shown, `the server takes too long (${code})`, { cause, retryAfterMs: 0 });
  }
  return cannotFetch("ArtifactUnavailable", shown, `the connection fails (${code})`, { cause, retryAfterMs: 0 });
}

/**
 * Milliseconds to wait by a `Retry-After` header, which is a number of seconds or a date; `undefined` if it is neither.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.retry-after}
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/u.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function proxyFailure(shown: string, status: number, cause: unknown): FetchError {
  const code = status === 407 || status === 403 ? "ArtifactForbidden" : "ArtifactUnavailable";
  const theCase = `the proxy refuses the connection with status ${String(status)}: check the proxy's address and password`;
  return cannotFetch(code, shown, theCase, { cause, retryAfterMs: status >= 500 ? 0 : undefined });
}

/** Codes and messages of an error and its causes, at most 8 levels deep. */
function chainOf(reason: unknown): { codes: string[]; messages: string[] } {
  const [codes, messages]: [string[], string[]] = [[], []];
  for (let level = 0, current = reason; level < 8 && current instanceof Error; level += 1, current = current.cause) {
    messages.push(current.message);
    if ("code" in current && typeof current.code === "string") codes.push(current.code);
  }
  return { codes, messages };
}
