import type { Command } from "../command.ts";
import { flagsOf } from "../help.ts";

/** All flags of a command as they are typed. */
export function wordsOf(command: Command): readonly string[] {
  return Object.entries(flagsOf(command)).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  );
}
