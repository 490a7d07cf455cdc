import { CodedError } from "@rcm/lib/errors";

/** What containerd gave as stdin, stdout or stderr of a process cannot be used. */
export class StdioError extends CodedError<"InvalidArgument" | "NotFound" | "Unknown"> {
  override readonly name = "StdioError";
}
