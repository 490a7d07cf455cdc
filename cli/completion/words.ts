import type { Command } from "../command.ts";
import { flagsOf } from "../help.ts";

/** All flags of a command as they are typed. */
export function wordsOf(command: Command): readonly string[] {
  return Object.entries(flagsOf(command)).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  );
}

/** A flag that takes a value, for scripts of shells. */
interface ValueFlag {
  /** Of `case`: the command and the word before the one to be completed, in every form. */
  readonly pattern: string;
  /** All that it may be, with blanks between. */
  readonly choices: string | undefined;
  readonly isFile: boolean;
}

export function valueFlagsOf(command: Command): readonly ValueFlag[] {
  return Object.entries(flagsOf(command)).flatMap(([name, { kind, short, choices, isFile = false }]) => {
    if (kind === "switch") return [];
    const forms = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
    const pattern = forms.map((form) => `"${command.name} ${form}"`).join("|");
    return [{ pattern, choices: choices?.join(" "), isFile }];
  });
}

/** All that may follow a command. */
export function offeredBy(command: Command): string {
  return [...(command.argument?.choices ?? []), ...wordsOf(command)].join(" ");
}
