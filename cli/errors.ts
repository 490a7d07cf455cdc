import { CodedError } from "@rcm/lib/errors";

/**
 * What the command line cannot do; printed as `Error: <message>`.
 *
 * - `USAGE`: the command line cannot be meant so; the usage is printed too.
 * - `INPUT`: a file cannot be used.
 * - `NO_CLUSTER`: nothing says which cluster is meant, or it has no such objects.
 * - `NOT_FOUND`: there is no such application or shim, or no pod of it.
 * - `NOT_READY`: it did not become ready in time, or cannot.
 * - `CONNECTION`: a connection to a pod cannot be made.
 */
export class CliError extends CodedError<"USAGE" | "INPUT" | "NO_CLUSTER" | "NOT_FOUND" | "NOT_READY" | "CONNECTION"> {
  override readonly name = "CliError";
}

/** Somebody told the program to stop. `SIGINT` is Ctrl-C. */
export class Stopped extends CodedError<"SIGINT" | "SIGTERM"> {
  override readonly name = "Stopped";
}
