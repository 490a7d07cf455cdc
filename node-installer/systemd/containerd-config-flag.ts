/**
 * The path in `--config PATH`, `-c PATH` or their other spellings among the arguments of a command, the last one if
 * there are several, as containerd reads them (https://pkg.go.dev/flag). A path that holds `$` is taken from the
 * unit's environment and so not known here: undefined.
 */
export function configPathFrom(argv: readonly string[]): string | undefined {
  const paths = argv.flatMap((argument, index) => {
    const match = /^--?(?:config|c)(?:=(?<path>.*))?$/s.exec(argument);
    if (match === null) return [];
    return [match.groups?.["path"] ?? argv[index + 1] ?? ""];
  });
  const last = paths.at(-1);
  return last === undefined || last === "" || last.includes("$") ? undefined : last;
}
