import { CodedError } from "@rcm/lib/errors";

export type ComponentErrorCode =
  /** The bytes are not a component in the binary format. */
  | "MALFORMED"
  /** The bytes are well-formed, but break a rule: an index, a type, a name. */
  | "INVALID"
  /** Larger, deeper or more numerous than we accept. */
  | "LIMIT"
  /** Valid, but it uses what this executor does not have. */
  | "UNSUPPORTED"
  /** It imports what the host does not offer. */
  | "IMPORT_MISSING";

/** A component that cannot be prepared or linked. */
export class ComponentError extends CodedError<ComponentErrorCode> {
  override readonly name = "ComponentError";
}

/** The guest broke a rule while it ran, or executed a trapping instruction. The instance is used up. */
export class WasmTrap extends CodedError<"TRAP"> {
  override readonly name = "WasmTrap";

  constructor(reason: string, options?: ErrorOptions) {
    super("TRAP", reason, options);
  }
}
