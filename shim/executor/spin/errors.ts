import { CodedError } from "@rcm/lib/errors";

export type SpinErrorCode =
  /** A manifest, a locked application or a configuration is not what it must be. */
  | "INVALID"
  /** It is what it must be, and asks for something that this executor does not have. */
  | "UNSUPPORTED"
  /** It needs a file that is not there or cannot be used, or a variable without a value. */
  | "MISSING";

/** Why a Spin application cannot run: thrown before the first request, for the people who made or deployed it. */
export class SpinError extends CodedError<SpinErrorCode> {
  override readonly name = "SpinError";
}
