import type { FlagValues } from "../flags/flag-values.ts";

/** @see {@link https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names} */
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 253;
const RULE = "it must be the name of an object: lower case letters, digits, dashes and dots, at most 253 of them";

/**
 * The name of an object that an application refers to; undefined when none is given.
 *
 * @throws {CliError} `USAGE` for what no object of Kubernetes can be called: the pods would wait for it for ever.
 */
export function readObjectName(values: FlagValues, flag: string): string | undefined {
  const name = values.optional(flag);
  return name === undefined ? undefined : checked(values, flag, name);
}

/** The same for a flag that takes several. */
export function readObjectNames(values: FlagValues, flag: string): readonly string[] {
  return values.list(flag).map((name) => checked(values, flag, name));
}

function checked(values: FlagValues, flag: string, name: string): string {
  if (NAME.test(name) && name.length <= MAX_NAME) return name;
  throw values.refusal(flag, name, RULE);
}
