import { CodedError } from "../lib/errors.ts";

type Code =
  | "ENTRY_INVALID" // a tar entry that the format cannot hold, or a file that changed while it was read
  | "LAYER_INVALID"
  | "USAGE"
  | "SOURCE_MISSING" // an entry file, a package, a mirror
  | "COMMAND_FAILED";

/** Why an image, a layer or an archive could not be made. */
export class BuildError extends CodedError<Code> {
  override readonly name = "BuildError";
}
