import { CliError } from "../errors.ts";

/** It is the name of a Service, and a part of the key of a label with at most 63 characters. */
const NAME = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;
const RULE = "it must begin with a letter and have lower case letters, digits and dashes only, at most 52 of them";

/**
 * The name of an application: the one that was given, or else the one that its image has.
 *
 * @throws {CliError} `USAGE` when it cannot be the name of a SpinApp.
 */
export function appName(given: string | undefined, ofImage: string): string {
  const name = given ?? ofImage;
  if (NAME.test(name)) return name;
  if (given !== undefined) throw new CliError("USAGE", `Cannot use "${name}" as --name: ${RULE}`);
  const problem = `Cannot use the image's name "${name}" as the application's`;
  throw new CliError("USAGE", `${problem}: ${RULE}: give another one with --name`);
}
