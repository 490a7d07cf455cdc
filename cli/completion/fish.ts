import type { Command } from "../command.ts";
import type { Flag } from "../flags/flag.ts";
import { flagsOf } from "../help.ts";

/** A completion script for fish. */
export function fishCompletion(commands: readonly Command[], hasDescriptions: boolean): string {
  const lines = commands.flatMap((command) => [
    `complete -c kube -n __fish_use_subcommand -a ${command.name}${description(command.summary, hasDescriptions)}`,
    ...argumentLine(command),
    ...Object.entries(flagsOf(command)).map(([name, flag]) => {
      const words = `-l ${name}${shortOf(flag)}${valueOf(flag)}${description(flag.help, hasDescriptions)}`;
      return `${conditionOf(command)} ${words}`;
    }),
  ]);
  return `# Completion of kube for fish: put it as kube.fish in ~/.config/fish/completions.\ncomplete -c kube -f\n${lines.join("\n")}\n`;
}

function conditionOf({ name }: Command): string {
  return `complete -c kube -n '__fish_seen_subcommand_from ${name}'`;
}

function argumentLine(command: Command): readonly string[] {
  const { choices } = command.argument ?? {};
  return choices === undefined ? [] : [`${conditionOf(command)} -a '${choices.join(" ")}'`];
}

function shortOf({ short }: Flag): string {
  return short === undefined ? "" : ` -s ${short}`;
}

function valueOf({ kind, choices, isFile }: Flag): string {
  if (kind === "switch") return "";
  if (isFile === true) return " -r -F";
  return choices === undefined ? " -x" : ` -x -a '${choices.join(" ")}'`;
}

function description(text: string, isWanted: boolean): string {
  return isWanted ? ` -d '${text.replaceAll(/['\\]/g, String.raw`\$&`)}'` : "";
}
