import { CodedError } from "@rcm/lib/errors";

export type ServeErrorCode =
  /** The component has no function that requests or runs could enter by. */
  | "NO_ENTRY"
  /** An argument or a variable of the environment that cannot be used. */
  | "USAGE"
  /** The address cannot be listened on. */
  | "LISTEN";

export class ServeError extends CodedError<ServeErrorCode> {
  override readonly name = "ServeError";
}
