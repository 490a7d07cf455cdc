import { defineCommand, type Command } from "../command.ts";
import { CliError } from "../errors.ts";
import { commandHelp, rootHelp } from "../help.ts";
import type { Program } from "../program.ts";

export function helpCommand(program: () => Program): Command {
  return defineCommand({
    name: "help",
    summary: "Describe a command",
    argument: { label: "[command]" },
    flags: {},
    validate({ positionals: [name] }) {
      const found = program().commands.find((command) => command.name === name);
      if (name === undefined || found !== undefined) return { found };
      throw new CliError("USAGE", `unknown command "${name}" for "${program().name}"`);
    },
    async run({ found }, { stdout }) {
      stdout.write(found === undefined ? rootHelp(program()) : commandHelp(program(), found));
      return Promise.resolve();
    },
  });
}
