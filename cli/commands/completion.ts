import { defineCommand, type Command } from "../command.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { CliError } from "../errors.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** @param commands all of the program. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: "completion",
    summary: "Write the completion script of a shell",
    argument: { label: SHELLS.join("|"), choices: SHELLS },
    flags: { "no-descriptions": { kind: "switch", help: "write no descriptions" } },
    validate(values) {
      const [given = ""] = values.positionals;
      const shell = SHELLS.find((one) => one === given);
      if (shell !== undefined) return { shell, hasDescriptions: !values.isOn("no-descriptions") };
      throw new CliError("USAGE", `Cannot complete for "${given}": the shell must be one of ${SHELLS.join(", ")}`);
    },
    async run({ shell, hasDescriptions }, { stdout }) {
      const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
      stdout.write(scripts[shell](commands(), hasDescriptions));
      return Promise.resolve();
    },
  });
}
