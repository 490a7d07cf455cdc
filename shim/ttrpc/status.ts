import { CodedError, messageOf } from "@rcm/lib/errors";
import { ProtoError } from "../proto/proto-error.ts";
import type { Status } from "./messages.ts";

/**
 * The codes of `google.rpc` except "OK".
 *
 * @see {@link https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto}
 */
const STATUS_CODES = {
  CANCELED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusName = keyof typeof STATUS_CODES;

const NAMES = Object.keys(STATUS_CODES).filter(isStatusName);

/** Longer messages are cut: they become texts of Kubernetes events. In UTF-16 units. */
const MAX_MESSAGE_LENGTH = 16 * 1024;

/** A call that failed: thrown by a handler to answer with that status, or to a caller that got it. */
export class TtrpcError extends CodedError<StatusName> {
  override readonly name = "TtrpcError";
}

/** What a caller gets to see of an error. Any {@link CodedError} whose code is a {@link StatusName} keeps it. */
export function statusFromError(error: unknown): Pick<Status, "code" | "message"> {
  return { code: STATUS_CODES[nameOf(error)], message: messageOf(error).slice(0, MAX_MESSAGE_LENGTH) };
}

export function errorFromStatus({ code, message }: Status): TtrpcError {
  return new TtrpcError(NAMES.find((name) => STATUS_CODES[name] === code) ?? "UNKNOWN", message);
}

function nameOf(error: unknown): StatusName {
  if (error instanceof ProtoError) return error.code === "BAD_VALUE" ? "INTERNAL" : "INVALID_ARGUMENT";
  return error instanceof CodedError && isStatusName(error.code) ? error.code : "UNKNOWN";
}

function isStatusName(code: unknown): code is StatusName {
  return typeof code === "string" && Object.hasOwn(STATUS_CODES, code);
}
