import { CodedError } from "@rcm/lib/errors";
import type { Reason } from "@rcm/lib/install-job";

/** Why something on the host could not be done; `code` goes into the report as its reason. */
export class InstallError extends CodedError<Reason> {
  override readonly name = "InstallError";
}

/** Reasons that a file system's errors mean to a person. */
const BY_ERRNO: Readonly<Record<string, Reason>> = {
  ENOSPC: "DiskFull",
  EDQUOT: "DiskFull",
  EROFS: "ReadOnlyFileSystem",
  EPERM: "ConfigUnsupported",
  EACCES: "ConfigUnsupported",
};

const REMEDIES: Readonly<Partial<Record<Reason, string>>> = {
  DiskFull: "free some space there",
  // Root without capabilities, as in a Job, has no more rights than others have.
  ConfigUnsupported: "let it and its folder belong to root:root, and take away an immutable flag (chattr -i)",
  ReadOnlyFileSystem: "make it writable, or exclude the node",
};

/** Wraps an error of the file system: what was tried, what is the case, what helps. */
export function fileError(action: string, path: string, cause: unknown): InstallError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = BY_ERRNO[code] ?? "InternalError";
  const remedy = REMEDIES[reason];
  const detail = code === "" ? String(cause) : code;
  return new InstallError(reason, `Cannot ${action} "${path}": ${detail}${remedy === undefined ? "" : `: ${remedy}`}`, {
    cause,
  });
}
