import { KubeError, type KubeErrorCode } from "./kube-error.ts";

/** What the server said, before anybody trusted it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Header `Retry-After`, which Kubernetes gives in seconds. */
  readonly retryAfter?: string | undefined;
}

/** Reasons of `metav1.Status` that say more than the HTTP status: https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/apis/meta/v1/types.go */
const CODE_OF_REASON: Readonly<Record<string, KubeErrorCode>> = {
  NotFound: "NotFound",
  AlreadyExists: "AlreadyExists",
  Conflict: "Conflict",
  Gone: "Gone",
  Expired: "Gone",
  Unauthorized: "Unauthorized",
  Forbidden: "Forbidden",
  Invalid: "Invalid",
  TooManyRequests: "TooManyRequests",
  ServerTimeout: "Unavailable", // "Try again", unlike Timeout, whose work may have been done.
  ServiceUnavailable: "Unavailable",
  Timeout: "Timeout",
};

const CODE_OF_STATUS: Readonly<Record<number, KubeErrorCode>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Gone",
  429: "TooManyRequests",
  504: "Timeout",
};

/** Longest message that we take over from a server, in characters. */
const MESSAGE_MAX = 2048;

/** @param action what was tried, such as `get nodes "a"`. */
export function errorFromAnswer(action: string, { status, body, retryAfter }: Answer): KubeError {
  const { reason, message, details } = isRecord(body) ? body : {};
  const code = (typeof reason === "string" ? CODE_OF_REASON[reason] : undefined) ?? codeOfStatus(status);
  const said = typeof message === "string" && message !== "" ? message : textOf(body);
  const seconds = Number(retryAfter ?? (isRecord(details) ? details["retryAfterSeconds"] : undefined));
  return new KubeError(
    code,
    `Cannot ${action}: ${said === "" ? `HTTP status ${status}` : said.slice(0, MESSAGE_MAX)}`,
    {
      status,
      retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
    },
  );
}

/** The error in the `ERROR` event of a watch: the object is a `metav1.Status`. */
export function errorFromStatus(action: string, body: unknown): KubeError {
  const code = isRecord(body) ? body["code"] : undefined;
  return errorFromAnswer(action, { status: typeof code === "number" ? code : 500, body });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {KubeError} `Malformed` when `text` is not JSON. */
export function parseJson(action: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 80));
    throw new KubeError("Malformed", `Cannot ${action}: the answer is not JSON, it begins with ${start}`, { cause });
  }
}

function codeOfStatus(status: number): KubeErrorCode {
  return CODE_OF_STATUS[status] ?? (status >= 500 ? "Unavailable" : "Invalid");
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body.trim() : "";
}
