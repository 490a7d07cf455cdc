import { CodedError } from "@rcm/lib/errors";

type Code =
  | "USAGE"
  | "MACHINE_UNFIT" // the machine lacks something that we cannot install
  | "COMMAND_FAILED"
  | "DEADLINE_EXCEEDED"
  | "NOT_UP"
  | "BUSY" // another cluster, or another run of this program
  | "UNKNOWN_NODE";

/** Why the cluster could not do what was asked. The message names the log to read where there is one. */
export class ClusterError extends CodedError<Code> {
  override readonly name = "ClusterError";
}
