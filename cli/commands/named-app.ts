import { appHere } from "../app-here.ts";
import type { CommandArgument, Io } from "../command.ts";
import { CliError } from "../errors.ts";
import type { FlagValues } from "../flags/flag-values.ts";

/** Of commands that are about one application. */
export const NAME_ARGUMENT: CommandArgument = { label: "[name]" };

export function givenName({ positionals }: FlagValues): string | undefined {
  return positionals[0];
}

/**
 * The name that was given, or else that of the application in this folder.
 *
 * @throws {CliError} `USAGE` when there is neither; `INPUT` when spin.toml cannot be read.
 */
export async function namedApp(given: string | undefined, io: Io): Promise<string> {
  const name = given ?? (await appHere(io));
  if (name !== undefined && name !== "") return name;
  throw new CliError(
    "USAGE",
    "no application name specified: give one, or run this in a folder with the spin.toml of an application",
  );
}
