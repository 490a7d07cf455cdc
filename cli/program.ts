import type { Command } from "./command.ts";

/** A program of commands, as its help and its messages need it. */
export interface Program {
  /** As people call it: `kube`, `kubectl shim`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** In the order of the help. */
  readonly commands: readonly Command[];
}
