import { InstallError } from "../errors.ts";
import type { TomlScalar } from "./toml-tree.ts";

const KEY = /^[A-Za-z0-9_-]+$/;
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const INT64_MAX = 2n ** 63n - 1n;

/**
 * The options of a Shim as containerd shall see them: `true` and `false` become booleans, plain decimal integers
 * that fit into 64 bits integers, all else stays a string.
 *
 * @throws {InstallError} `RequestInvalid` for a key that is not made of letters, digits, `_` and `-`.
 */
export function parseOptions(options: Readonly<Record<string, string>>): Readonly<Record<string, TomlScalar>> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [checkedKey(key), scalarOf(value)]));
}

function scalarOf(value: string): TomlScalar {
  if (value === "true" || value === "false") return value === "true";
  if (!INTEGER.test(value)) return value;
  const integer = BigInt(value);
  return integer <= INT64_MAX && integer >= -INT64_MAX - 1n ? integer : value;
}

function checkedKey(key: string): string {
  if (KEY.test(key)) return key;
  const why = key.includes(".") ? "nested options are not supported" : "only letters, digits, _ and - are allowed";
  throw new InstallError("RequestInvalid", `Cannot use the runtime option ${JSON.stringify(key)}: ${why}`);
}
