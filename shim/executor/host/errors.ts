import { CodedError } from "@rcm/lib/errors";
import type { VariableFault } from "./spin-services.ts";

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

/** A variable of a Spin application has no value. */
export class VariableError extends CodedError<VariableFault> {
  override readonly name = "VariableError";
}

export type StoreErrorCode =
  /** The database has no room. */
  | "FULL"
  /** A key, value, statement or result is larger than we accept. */
  | "LIMIT"
  /** The store did not answer in time. */
  | "TIME_LIMIT"
  /** The address is none, or of another kind of server. */
  | "INVALID_ADDRESS"
  /** The server or the engine says no. */
  | "FAILED";

/** A store, database or server cannot do what the guest asks for. The guest gets it as an error of the interface. */
export class StoreError extends CodedError<StoreErrorCode> {
  override readonly name = "StoreError";
}
