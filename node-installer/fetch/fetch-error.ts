import { CodedError } from "@rcm/lib/errors";
import type { Reason } from "@rcm/lib/install-job";

/** The reasons of a node's Job that `fetch` can give. */
export type FetchReason = Extract<
  Reason,
  | "ArtifactNotFound"
  | "ArtifactForbidden"
  | "ArtifactUnavailable"
  | "ArtifactTimeout"
  | "RedirectRefused"
  | "DigestMismatch"
  | "ArtifactTooLarge"
  | "ArtifactNotAnArchive"
  | "ArchiveCorrupt"
  | "ArchiveRefused"
  | "ShimNotInArchive"
  | "NotExecutable"
  | "WrongArchitecture"
  | "RequestInvalid"
  | "DiskFull"
  | "ReadOnlyFileSystem"
  | "Interrupted"
  | "InternalError"
>;

interface FetchErrorOptions extends ErrorOptions {
  /** Another attempt may help, not earlier than this; absent: it cannot help. */
  readonly retryAfterMs?: number | undefined;
}

/** Why the shim was not fetched; `code` goes into the report as its reason. */
export class FetchError extends CodedError<FetchReason> {
  override readonly name = "FetchError";
  /** Another attempt may help, not earlier than this many milliseconds from now; `undefined`: it cannot help. */
  readonly retryAfterMs: number | undefined;

  constructor(code: FetchReason, message: string, options: FetchErrorOptions = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** An error about what `shown` serves; `shown` is a location as `shownLocation` gives it. */
export function cannotFetch(
  code: FetchReason,
  shown: string,
  theCase: string,
  options: FetchErrorOptions = {},
): FetchError {
  return new FetchError(code, `Cannot fetch "${shown}": ${theCase}`, options);
}
