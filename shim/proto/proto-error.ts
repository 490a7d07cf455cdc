import { CodedError } from "@rcm/lib/errors";

/** `MALFORMED` and `TOO_LARGE` are the sender's fault, `BAD_VALUE` is ours: a value that its field cannot hold. */
export type ProtoErrorCode = "MALFORMED" | "TOO_LARGE" | "BAD_VALUE";

/** A protobuf message that cannot be read or written. The text names the message, the field and the byte. */
export class ProtoError extends CodedError<ProtoErrorCode> {
  override readonly name = "ProtoError";
}
