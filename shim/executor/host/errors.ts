import { CodedError } from "@rcm/lib/errors";

export type HostErrorCode =
  /** The request or run took longer than it may. */
  | "TIME_LIMIT"
  /** The guest called the host in a way that its interface says ends the guest. */
  | "GUEST_FAULT"
  /** The guest has more of something open than it may. */
  | "LIMIT"
  /** The program is stopping, and the time that running requests had for their end is over. */
  | "STOPPED";

/** Ends the guest that runs: its instance is not used again. */
export class HostError extends CodedError<HostErrorCode> {
  override readonly name = "HostError";
}

/** Thrown through the guest by `wasi:cli/exit`: not a fault. */
export class ComponentExit extends Error {
  override readonly name = "ComponentExit";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`The guest exited with code ${exitCode}`);
    this.exitCode = exitCode;
  }
}
