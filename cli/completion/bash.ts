import type { Command } from "../command.ts";
import { flagsOf } from "../help.ts";
import { wordsOf } from "./words.ts";

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
  return Object.entries(flagsOf(command)).flatMap(([name, { kind, short, choices, isFile }]) => {
    if (kind === "switch") return [];
    const flags = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
    const pattern = flags.map((flag) => `"${command.name} ${flag}"`).join("|");
    const words = choices === undefined ? undefined : `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current"));`;
    const files = isFile === true ? 'COMPREPLY=($(compgen -f -- "$current"));' : undefined;
    return [`        ${pattern}) ${[words ?? files, "return"].filter((part) => part !== undefined).join(" ")} ;;`];
  });
}

function commandCase(command: Command): string {
  const words = [...(command.argument?.choices ?? []), ...wordsOf(command)];
  return `        ${command.name}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current")) ;;`;
}
