import { CodedError } from "@rcm/lib/errors";

/** Why an OCI spec cannot be used. `ENTRYPOINT_MISSING`: runc can say it as well, in the words that people know. */
export type SpecErrorCode =
  | "SPEC_INVALID"
  | "SPEC_UNSUPPORTED"
  | "ENTRYPOINT_MISSING"
  | "ENTRYPOINT_UNKNOWN"
  | "ROOT_UNREADABLE";

export class SpecError extends CodedError<SpecErrorCode> {
  override readonly name = "SpecError";
}
