import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { CliError } from "../errors.ts";
import type { Flag, FlagTable } from "./flag.ts";

export interface GivenFlags {
  /** In the order in which they were given; a switch has `true` or `false`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/**
 * Reads a command line as the table says. A value may begin with a dash, flags and arguments may be mixed, and `--` ends
 * the flags.
 *
 * @throws {CliError} `USAGE` for what is no flag, and for a value that is missing or too much.
 */
export function readFlags(args: readonly string[], table: FlagTable): GivenFlags {
  const options = Object.fromEntries(Object.entries(table).map(([name, flag]) => [name, optionOf(flag)]));
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, readonly string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(token, args);
    values.set(token.name, [...(values.get(token.name) ?? []), valueOf(token, flag)]);
  }
  return { values, positionals };
}

function optionOf({ kind, short }: Flag): ParseArgsOptionsConfig[string] {
  return { type: kind === "switch" ? "boolean" : "string", ...(short === undefined ? {} : { short }) };
}

function valueOf({ rawName, value, inlineValue }: OptionToken, { kind }: Flag): string {
  if (kind === "switch") return switchOf(rawName, value);
  if (value === undefined) {
    const flag = rawName.startsWith("--") ? rawName : `'${rawName.slice(1)}' in ${rawName}`;
    throw new CliError("USAGE", `flag needs an argument: ${flag}`);
  }
  // `-n=name` means the same as `-n name`.
  const hasSign = !rawName.startsWith("--") && inlineValue === true && value.startsWith("=");
  return hasSign ? value.slice(1) : value;
}

function switchOf(rawName: string, value: string | undefined): string {
  if (value === undefined || value === "true") return "true";
  if (value === "false") return "false";
  throw new CliError("USAGE", `invalid argument "${value}" for "${rawName}" flag: it must be true or false`);
}

function unknownFlag({ rawName }: OptionToken, args: readonly string[]): CliError {
  if (rawName.startsWith("--")) return new CliError("USAGE", `unknown flag: ${rawName}`);
  const letter = rawName.slice(1);
  const whole = args.find((arg) => /^-[^-]/.test(arg) && arg.includes(letter)) ?? rawName;
  return new CliError("USAGE", `unknown shorthand flag: '${letter}' in ${whole}`);
}
