import { CodedError } from "@rcm/lib/errors";

export type RuncCode = "NotFound" | "AlreadyExists" | "FailedPrecondition" | "InvalidArgument" | "Unknown";

/** runc failed; `message` is the last line of runc's own log. */
export class RuncError extends CodedError<RuncCode> {
  override readonly name = "RuncError";
}

/** What runc 1.1 to 1.3 says, and what it means; the first that fits. */
const MEANINGS: readonly (readonly [RegExp, RuncCode])[] = [
  [/container with (?:the )?given id already exists|container with id exists/i, "AlreadyExists"],
  [/container (?:".*" )?does not exist|no such process|process already finished/i, "NotFound"],
  [/invalid (?:container )?id format|container id .* invalid/i, "InvalidArgument"],
  [
    /container (?:is )?not (?:running|paused|stopped)|that is not stopped|has stopped|a stopped container|already running|already dead|not running or created|(?:in|is) (?:the )?(?:a )?paused|cannot (?:pause|resume)/i,
    "FailedPrecondition",
  ],
];

/** Turns what runc said into an error with a code. */
export function runcErrorFrom(said: string, options?: ErrorOptions): RuncError {
  const [, code = "Unknown" as const] = MEANINGS.find(([pattern]) => pattern.test(said)) ?? [];
  return new RuncError(code, said, options);
}
