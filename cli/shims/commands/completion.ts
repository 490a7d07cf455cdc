import { defineCommand, type Command } from "../../command.ts";
import { kubectlCompletion } from "../../completion/kubectl.ts";

/** @param commands all of the program. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: "completion",
    summary: "Write the program that completes this in all shells that kubectl completes",
    flags: {},
    validate: () => undefined,
    async run(_options, { stdout }) {
      stdout.write(kubectlCompletion("shim", commands()));
      return Promise.resolve();
    },
  });
}
