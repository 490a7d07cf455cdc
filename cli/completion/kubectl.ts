import type { Command } from "../command.ts";
import { offeredBy, valueFlagsOf } from "./words.ts";

/** What a shell does besides what is offered: complete files, or nothing. */
const FILES = 0;
const NOTHING = 4;

/**
 * The program by which kubectl completes a plug-in: it gets the words after the plug-in's name, the last of which is to
 * be completed, and prints what fits, and then how the shell goes on.
 *
 * @param plugin its name: `shim`.
 * @see {@link https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#kubectl-completion-for-plugins}
 */
export function kubectlCompletion(plugin: string, commands: readonly Command[]): string {
  return `#!/bin/sh
# Completion of kubectl ${plugin}: put it as kubectl_complete-${plugin}, executable, in a folder of your PATH.
offer() {
    for word in $1; do
        case "$word" in "$last"*) echo "$word" ;; esac
    done
    echo :${NOTHING}
    exit
}
previous= last=
for word in "$@"; do previous=$last last=$word; done
[ "$#" -gt 1 ] || offer "${commands.map(({ name }) => name).join(" ")}"
case "$1 $previous" in
${commands.flatMap((command) => valueCases(command)).join("\n")}
esac
case "$1" in
${commands.map((command) => `    ${command.name}) offer "${offeredBy(command)}" ;;`).join("\n")}
esac
echo :${NOTHING}
`;
}

function valueCases(command: Command): readonly string[] {
  return valueFlagsOf(command).map(({ pattern, choices = "", isFile }) => {
    const action = isFile ? `echo :${FILES}; exit` : `offer "${choices}"`;
    return `    ${pattern}) ${action} ;;`;
  });
}
