import { CodedError } from "./errors.ts";

/** Named after `reason` in the server's Status where it has one, else after the HTTP status. */
export type KubeErrorCode =
  | "NotFound"
  | "AlreadyExists"
  | "Conflict"
  | "Gone" // 410: resource version or continue token too old.
  | "Unauthorized"
  | "Forbidden"
  | "Invalid" // 422, and everything else that the client did wrong.
  | "TooManyRequests"
  | "Unavailable" // 5xx, or the server could not be reached.
  | "Timeout" // Our deadline, or 504.
  | "Malformed"; // The answer is not what the API promises.

export interface KubeErrorDetails extends ErrorOptions {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

export class KubeError extends CodedError<KubeErrorCode> {
  override readonly name = "KubeError";
  /** HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** How long the server wants us to stay away, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: KubeErrorCode, message: string, { status, retryAfterMs, ...options }: KubeErrorDetails = {}) {
    super(code, message, options);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export function isKubeError(reason: unknown, ...codes: readonly KubeErrorCode[]): reason is KubeError {
  return reason instanceof KubeError && codes.includes(reason.code);
}

/** The object, or `undefined` when the server has none. */
export async function unlessNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isKubeError(error, "NotFound")) return undefined;
    throw error;
  }
}
