import { CodedError } from "@rcm/lib/errors";

export type TriggerErrorCode =
  /** What a guest answered is no answer. */
  "GUEST_ANSWER";

/** Why a request to a Spin component fails. */
export class TriggerError extends CodedError<TriggerErrorCode> {
  override readonly name = "TriggerError";
}
