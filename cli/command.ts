import type { Surroundings } from "./cluster/surroundings.ts";
import type { FlagValues } from "./flags/flag-values.ts";
import type { FlagTable } from "./flags/flag.ts";

/** What a command has of the process. */
export interface Io extends Surroundings {
  readonly stdout: NodeJS.WritableStream;
  /** The folder that it runs in. */
  readonly cwd: string;
}

/** What a command does once its command line is understood. It ends when `signal` aborts. */
export type Run = (io: Io, signal: AbortSignal) => Promise<void>;

/** A command, as help and completion and the program need it. */
export interface Command {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly flags: FlagTable;
  /** What it takes besides flags. */
  readonly argument?: CommandArgument;
  /** @throws {CliError} `USAGE` when the command line cannot be meant so. */
  prepare(values: FlagValues): Run;
}

export interface CommandArgument {
  /** As the usage shows it: `[name]`. */
  readonly label: string;
  /** All that it may be. */
  readonly choices?: readonly string[];
}

interface CommandDefinition<Options> extends Omit<Command, "prepare"> {
  /** Pure. */
  readonly validate: (values: FlagValues) => Options;
  readonly run: (options: Options, io: Io, signal: AbortSignal) => Promise<void>;
}

export function defineCommand<Options>({ validate, run, ...command }: CommandDefinition<Options>): Command {
  return {
    ...command,
    prepare(values) {
      const options = validate(values);
      return async (io, signal) => run(options, io, signal);
    },
  };
}
