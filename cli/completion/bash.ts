import type { Command } from "../command.ts";
import { offeredBy, valueFlagsOf } from "./words.ts";

/** A completion script for bash. */
export function bashCompletion(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# Completion of kube for bash: source it, or put it in a folder of bash-completion.
_kube() {
    local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "${names}" -- "$current"))
        return
    fi
    case "$command $previous" in
${commands.flatMap((command) => valueCases(command)).join("\n")}
    esac
    case "$command" in
${commands.map((command) => commandCase(command)).join("\n")}
    esac
}
complete -F _kube kube
`;
}

function valueCases(command: Command): readonly string[] {
  return valueFlagsOf(command).map(({ pattern, choices, isFile }) => {
    const words = choices === undefined ? undefined : `COMPREPLY=($(compgen -W "${choices}" -- "$current"));`;
    const files = isFile ? 'COMPREPLY=($(compgen -f -- "$current"));' : undefined;
    return `        ${pattern}) ${[words ?? files, "return"].filter((part) => part !== undefined).join(" ")} ;;`;
  });
}

function commandCase(command: Command): string {
  return `        ${command.name}) COMPREPLY=($(compgen -W "${offeredBy(command)}" -- "$current")) ;;`;
}
