import { HostError } from "../errors.ts";
import { type Result, errOf, okOf } from "../results.ts";

/** `wasi:sockets/network.error-code` */
export type NetworkErrorCode =
  | "unknown"
  | "access-denied"
  | "not-supported"
  | "invalid-argument"
  | "out-of-memory"
  | "timeout"
  | "concurrency-conflict"
  | "not-in-progress"
  | "would-block"
  | "invalid-state"
  | "new-socket-limit"
  | "address-not-bindable"
  | "address-in-use"
  | "remote-unreachable"
  | "connection-refused"
  | "connection-reset"
  | "connection-aborted"
  | "datagram-too-large"
  | "name-unresolvable"
  | "temporary-resolver-failure"
  | "permanent-resolver-failure";

const CODES: Readonly<Record<string, NetworkErrorCode>> = {
  EACCES: "access-denied",
  EPERM: "access-denied",
  EAFNOSUPPORT: "not-supported",
  EOPNOTSUPP: "not-supported",
  EINVAL: "invalid-argument",
  ENOMEM: "out-of-memory",
  ENOBUFS: "out-of-memory",
  ETIMEDOUT: "timeout",
  EMFILE: "new-socket-limit",
  ENFILE: "new-socket-limit",
  EADDRNOTAVAIL: "address-not-bindable",
  EADDRINUSE: "address-in-use",
  EHOSTUNREACH: "remote-unreachable",
  ENETUNREACH: "remote-unreachable",
  EHOSTDOWN: "remote-unreachable",
  ENETDOWN: "remote-unreachable",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-aborted",
  EMSGSIZE: "datagram-too-large",
  ENOTFOUND: "name-unresolvable",
  ENODATA: "name-unresolvable",
  EAI_AGAIN: "temporary-resolver-failure",
  EAI_FAIL: "permanent-resolver-failure",
};

/** Refused by the host and not by the kernel. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  readonly networkCode: NetworkErrorCode;

  constructor(networkCode: NetworkErrorCode) {
    super(networkCode);
    this.networkCode = networkCode;
  }
}

export function networkErrorCode(error: unknown): NetworkErrorCode {
  if (error instanceof NetworkError) return error.networkCode;
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return "unknown";
  return CODES[error.code] ?? "unknown";
}

export type Attempt<T> = Result<T, NetworkErrorCode>;

/**
 * The result of `action`: its errors are the guest's, except those that end the guest.
 *
 * @throws {HostError}
 */
export function attempt<T>(action: () => T): Attempt<T> {
  try {
    return okOf(action());
  } catch (error) {
    if (error instanceof HostError) throw error;
    return errOf(networkErrorCode(error));
  }
}
