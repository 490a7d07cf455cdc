import { configPathFrom } from "../systemd/containerd-config-flag.ts";

const DEFAULT = "/etc/containerd/config.toml";

/** What a unit has of variables. */
export interface UnitVariables {
  /** `NAME=VALUE` each. */
  readonly environment: readonly string[];
  /** It reads others from files, which win. */
  readonly hasFiles: boolean;
}

/** Whether a unit's command has variables whose values the unit itself does not say. */
export function isFromElsewhere(argv: readonly string[], { environment, hasFiles }: UnitVariables): boolean {
  const names = argv.flatMap((word) => [...word.matchAll(/\$\{?(\w+)/g)].map(([, name = ""]) => name));
  const own = new Set(environment.map((each) => each.replace(/=.*/s, "")));
  return names.some((name) => hasFiles || !own.has(name));
}

/**
 * The configuration that a unit gives to containerd, such as Flatcar's `--config ${CONTAINERD_CONFIG}`; containerd's
 * default where the unit names none, or by a variable that is not among these.
 *
 * @param environment `NAME=VALUE` each.
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
 */
export function unitConfigPath(argv: readonly string[], environment: readonly string[]): string {
  const values = new Map(environment.map((each) => [each.replace(/=.*/s, ""), each.replace(/^[^=]*=/, "")]));
  const words = argv.flatMap((word) => {
    const value = values.get(/^\$(\w+)$/.exec(word)?.[1] ?? "");
    if (value !== undefined) return value.split(/\s+/).filter((part) => part !== ""); // A variable alone may be many words.
    return [word.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole)];
  });
  return configPathFrom(words) ?? DEFAULT;
}
