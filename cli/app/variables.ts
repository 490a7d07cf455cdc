import type { FlagValues } from "../flags/flag-values.ts";

export interface Variable {
  readonly name: string;
  readonly from:
    | { readonly kind: "value"; readonly value: string }
    | { readonly kind: "secret"; readonly secret: string; readonly key: string };
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const RULE = "a variable has letters, digits and underscores only, and no digit at its beginning";
const SECRET_AND_KEY = /^(?<secret>[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)\/(?<key>[-._a-zA-Z0-9]{1,253})$/;

/**
 * The variables of both flags, sorted by name.
 *
 * @throws {CliError} `USAGE` for a name that no variable can have, one that is there twice, and what names no Secret.
 */
export function readVariables(values: FlagValues): readonly Variable[] {
  const variables = [...plainVariables(values), ...secretVariables(values)].toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  const seen = new Set<string>();
  for (const { name, from } of variables) {
    const flag = from.kind === "value" ? "variable" : "variable-from-secret";
    if (!NAME.test(name)) throw values.refusal(flag, name, RULE);
    if (seen.has(name.toLowerCase())) {
      throw values.refusal(flag, name, "it is there before (upper and lower case are the same): remove one");
    }
    seen.add(name.toLowerCase());
  }
  return variables;
}

function plainVariables(values: FlagValues): readonly Variable[] {
  return values.pairs("variable").map(([name, value]) => ({ name, from: { kind: "value", value } }));
}

function secretVariables(values: FlagValues): readonly Variable[] {
  return values.pairs("variable-from-secret").map(([name, text]) => {
    const { secret, key } = SECRET_AND_KEY.exec(text)?.groups ?? {};
    if (secret === undefined || key === undefined) {
      throw values.refusal("variable-from-secret", `${name}=${text}`, "it must be variable=secret/key");
    }
    return { name, from: { kind: "secret", secret, key } };
  });
}
