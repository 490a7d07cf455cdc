import { CodedError, messageOf } from "@rcm/lib/errors";
import { TtrpcError } from "../ttrpc/status.ts";
import type { StatusName } from "../ttrpc/status.ts";

/** What a layer's codes mean to containerd; the others mean `UNKNOWN`, or are a status already. */
const STATUS_OF: Readonly<Record<string, StatusName>> = {
  NotFound: "NOT_FOUND",
  AlreadyExists: "ALREADY_EXISTS",
  FailedPrecondition: "FAILED_PRECONDITION",
  InvalidArgument: "INVALID_ARGUMENT",
  // Of the messages.
  MALFORMED: "INVALID_ARGUMENT",
  TOO_LARGE: "RESOURCE_EXHAUSTED",
  // Of the container's specification.
  SPEC_INVALID: "INVALID_ARGUMENT",
  SPEC_UNSUPPORTED: "UNIMPLEMENTED",
  ENTRYPOINT_MISSING: "NOT_FOUND",
  ENTRYPOINT_UNKNOWN: "INVALID_ARGUMENT",
  // Of the image.
  DISK_FULL: "RESOURCE_EXHAUSTED",
  // Of Linux.
  ENOSPC: "RESOURCE_EXHAUSTED",
  EMFILE: "RESOURCE_EXHAUSTED",
  ENFILE: "RESOURCE_EXHAUSTED",
  ENOMEM: "RESOURCE_EXHAUSTED",
};

/** Whatever was thrown, with the code that containerd goes by and the whole reason as text. */
export function toTtrpcError(error: unknown): TtrpcError {
  if (error instanceof TtrpcError) return error;
  const code = error instanceof CodedError || (error instanceof Error && "code" in error) ? String(error.code) : "";
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  const status = timedOut ? "DEADLINE_EXCEEDED" : (STATUS_OF[code] ?? "UNKNOWN");
  return new TtrpcError(status, messageOf(error), { cause: error });
}
