import { constants } from "node:os";
import { messageOf } from "@rcm/lib/errors";
import type { Command, Io, Run } from "./command.ts";
import { CliError, Stopped } from "./errors.ts";
import { FlagValues } from "./flags/flag-values.ts";
import { readFlags } from "./flags/read-flags.ts";
import { commandHelp, commandUsage, flagsOf, rootHelp } from "./help.ts";
import type { Program } from "./program.ts";
import { VERSION } from "./version.ts";

/**
 * Does what a command line says. What goes wrong is printed as `Error: <text>` on the standard error output, with the
 * usage where the command line is what is wrong. Who stops it by Ctrl-C knows why it ends: nothing is printed then.
 *
 * @returns the exit code: 0, or 1 for an error, or what shells give for the signal that stopped it.
 */
export async function runProgram(
  program: Program,
  args: readonly string[],
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "-h" || name === "--help") return print(io, rootHelp(program));
  if (name === "-v" || name === "--version") return print(io, `${program.name} version ${VERSION}\n`);
  const command = program.commands.find((one) => one.name === name);
  if (command === undefined) return fail(io, unknown(program, name), `Run '${program.name} --help' for usage.\n`);
  try {
    await prepare(program, command, rest)(io, signal);
    return 0;
  } catch (error) {
    return fail(io, signal.aborted ? signal.reason : error, `${commandUsage(program, command)}\n`);
  }
}

/** 128 and the signal's number for what was stopped, as shells have it: 130 for Ctrl-C. */
export function exitCodeOf(reason: unknown): number {
  return reason instanceof Stopped ? 128 + constants.signals[reason.code] : 1;
}

/** @throws {CliError} `USAGE` */
function prepare(program: Program, command: Command, args: readonly string[]): Run {
  const flags = flagsOf(command);
  const given = readFlags(args, flags);
  const values = new FlagValues(flags, given);
  if (values.isOn("help")) {
    return async ({ stdout }) => {
      stdout.write(commandHelp(program, command));
      return Promise.resolve();
    };
  }
  const most = command.argument === undefined ? 0 : 1;
  if (given.positionals.length > most) {
    throw new CliError("USAGE", `accepts at most ${most} arg(s), received ${given.positionals.length}`);
  }
  values.checkRequired();
  return command.prepare(values);
}

function print({ stdout }: Io, text: string): number {
  stdout.write(text);
  return 0;
}

/** Errors of our own say the cause where it helps. */
function fail({ stderr }: Io, error: unknown, usage: string): number {
  const isCtrlC = error instanceof Stopped && error.code === "SIGINT";
  if (!isCtrlC) stderr.write(`Error: ${error instanceof CliError ? error.message : messageOf(error)}\n`);
  if (error instanceof CliError && error.code === "USAGE") stderr.write(usage);
  return exitCodeOf(error);
}

function unknown(program: Program, name: string): CliError {
  const flag = name.startsWith("--")
    ? `unknown flag: ${name}`
    : `unknown shorthand flag: '${name.slice(1, 2)}' in ${name}`;
  return new CliError("USAGE", name.startsWith("-") ? flag : `unknown command "${name}" for "${program.name}"`);
}
