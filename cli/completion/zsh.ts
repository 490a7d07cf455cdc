import type { Command } from "../command.ts";
import type { Flag } from "../flags/flag.ts";
import { flagsOf } from "../help.ts";

/** A completion script for zsh. */
export function zshCompletion(commands: readonly Command[], hasDescriptions: boolean): string {
  const list = commands.map(({ name, summary }) => quote(hasDescriptions ? `${name}:${summary}` : name));
  return `#compdef kube
# Completion of kube for zsh: put it as _kube in a folder of $fpath.
_kube() {
    local -a commands
    commands=(${list.join(" ")})
    if (( CURRENT == 2 )); then
        _describe 'command' commands
        return
    fi
    shift words
    (( CURRENT-- ))
    case "$words[1]" in
${commands.map((command) => commandCase(command, hasDescriptions)).join("\n")}
    esac
}
if [ "$funcstack[1]" = "_kube" ]; then _kube "$@"; else compdef _kube kube; fi
`;
}

function commandCase(command: Command, hasDescriptions: boolean): string {
  const flags = Object.entries(flagsOf(command)).flatMap(([name, flag]) => flagSpecs(name, flag, hasDescriptions));
  const { label, choices } = command.argument ?? {};
  const argument =
    label === undefined ? [] : [quote(`1:${label.replaceAll(/[^\w|]/g, "")}:(${choices?.join(" ") ?? ""})`)];
  return `        ${command.name}) _arguments ${[...flags, ...argument].join(" ")} ;;`;
}

/** `--name=[help]:name:(choices)`, and the same for the letter. */
function flagSpecs(
  name: string,
  { kind, short, help, choices, isFile }: Flag,
  hasDescriptions: boolean,
): readonly string[] {
  const description = hasDescriptions ? `[${help.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]` : "";
  const action = choices === undefined ? (isFile === true ? "_files" : " ") : `(${choices.join(" ")})`;
  const value = kind === "switch" ? "" : `:${name}:${action}`;
  const long = quote(`--${name}${kind === "switch" ? "" : "="}${description}${value}`);
  if (short === undefined) return [long];
  return [long, quote(`-${short}${kind === "switch" ? "" : "+"}${description}${value}`)];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
