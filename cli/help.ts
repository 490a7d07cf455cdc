import type { Command } from "./command.ts";
import { HELP_FLAG, type Flag, type FlagTable } from "./flags/flag.ts";
import type { Program } from "./program.ts";

const TYPES: Readonly<Record<Flag["kind"], string>> = {
  text: " string",
  integer: " int32",
  switch: "",
  list: " strings",
  pairs: " key=value",
  duration: " duration",
};

const ROOT_FLAGS: FlagTable = {
  ...HELP_FLAG,
  version: { kind: "switch", short: "v", help: "print the version" },
};

/** All flags of a command. */
export function flagsOf({ flags }: Command): FlagTable {
  return { ...flags, ...HELP_FLAG };
}

/** What `--help` prints. */
export function commandHelp(program: Program, command: Command): string {
  return `${command.summary}\n\n${commandUsage(program, command)}`;
}

/** What follows an error in a command line. */
export function commandUsage(program: Program, command: Command): string {
  const { name, argument } = command;
  const words = [program.name, name, ...(argument === undefined ? [] : [argument.label]), "[flags]"];
  return `Usage:\n  ${words.join(" ")}\n\nFlags:\n${flagLines(flagsOf(command))}`;
}

/** What the program prints without a command. */
export function rootHelp({ name: program, summary: purpose, commands }: Program): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}\n`).join("");
  return `${purpose}

Usage:
  ${program} [command]

Available Commands:
${lines}
Flags:
${flagLines(ROOT_FLAGS)}
Use "${program} [command] --help" for more information about a command.
`;
}

function flagLines(flags: FlagTable): string {
  const rows = Object.entries(flags)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, flag]) => [headOf(name, flag), noteOf(flag)] as const);
  const width = Math.max(...rows.map(([head]) => head.length));
  return rows.map(([head, note]) => `${head.padEnd(width)}   ${note}\n`).join("");
}

function headOf(name: string, { short, kind }: Flag): string {
  return `  ${short === undefined ? "   " : `-${short},`} --${name}${TYPES[kind]}`;
}

function noteOf({ help, default: preset, isRequired }: Flag): string {
  if (isRequired === true) return `${help} (required)`;
  return preset === undefined ? help : `${help} (default ${preset})`;
}
