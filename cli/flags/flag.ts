/** A flag of a command, as its help, its completion and its reading need it. */
export interface Flag {
  /**
   * - `list`: given again and again, or with commas between; an item with a comma in it has double quotes around it.
   * - `pairs`: the same for `key=value`.
   */
  readonly kind: "text" | "integer" | "switch" | "list" | "pairs" | "duration";
  /** One letter. */
  readonly short?: string;
  readonly help: string;
  /** What it is when it is not given. */
  readonly default?: string;
  readonly isRequired?: boolean;
  /** All that it may be. */
  readonly choices?: readonly string[];
  /** Takes the path of a file, for completion. */
  readonly isFile?: boolean;
}

/** By name, without dashes. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** Every command has it. */
export const HELP_FLAG: FlagTable = { help: { kind: "switch", short: "h", help: "print this help" } };

/** As messages and help name it: `-f, --from`. */
export function flagLabel(name: string, { short }: Flag): string {
  return short === undefined ? `--${name}` : `-${short}, --${name}`;
}
