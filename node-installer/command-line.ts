import { parseArgs } from "node:util";
import { InstallError } from "./errors.ts";

/** What the program was asked to do. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "job"; readonly stage: "preflight" | "fetch" | "install" | "uninstall" }
  | ({ readonly kind: "install" } & FileOptions)
  | ({ readonly kind: "plan" } & FileOptions)
  | ({ readonly kind: "uninstall" } & ShimOptions)
  | ({ readonly kind: "verify" } & ShimOptions)
  | { readonly kind: "rollback"; readonly noRestart: boolean; readonly json: boolean };

export interface FileOptions extends ShimOptions {
  /** The executable, or an archive that holds it. */
  readonly file: string;
}

export interface ShimOptions {
  readonly name: string;
  readonly handler: string;
  readonly options: Readonly<Record<string, string>>;
  /** Write files only; containerd reads them when it starts next. */
  readonly noRestart: boolean;
  readonly json: boolean;
}

export const HELP = `Usage: node-installer COMMAND [FLAG ...]

Puts containerd shims on this host, by hand or in a Job of the runtime-class manager.

  install   --shim FILE --name NAME   put a shim on this host and prove that it works
  plan      --shim FILE --name NAME   say what install would change, as a diff; change nothing
  verify    --name NAME               prove that an installed shim works; change nothing
  uninstall --name NAME               take a shim off this host
  rollback                            take back a change that was interrupted
  job preflight|fetch|install|uninstall   a step of a Job; its order is in $RCM_REQUEST
  version, help

Flags
  --shim FILE       the executable, or an archive that holds it
  --name NAME       name of the shim; the file is containerd-shim-NAME
  --handler NAME    name of the runtime in containerd's configuration (default: the shim's name)
  --option K=V      option of the runtime, may be repeated; true, false and whole numbers are typed
  --no-restart      write files only, as when a node image is built; nothing is proven
  --json            print the report as JSON

Exit codes: 0 done, 1 failed (the host is as it was before), 2 wrong usage.
`;

const FLAGS = {
  shim: { type: "string" },
  name: { type: "string" },
  handler: { type: "string" },
  option: { type: "string", multiple: true },
  "no-restart": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parse>["values"];

/** @throws {InstallError} `RequestInvalid` that names the flag, the value and the remedy. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [name = "help", stage, ...rest] = positionals;
  if (values.version === true || name === "version") return { kind: "version" };
  if (values.help === true || name === "help") return { kind: "help" };
  const tooMany = name === "job" ? rest[0] : stage;
  if (tooMany !== undefined) throw usage(`"${tooMany}" is one word too many`);
  return name === "job" ? { kind: "job", stage: stageOf(stage) } : handCommand(name, values);
}

function handCommand(name: string, values: Values): Command {
  switch (name) {
    case "install":
    case "plan":
      return { kind: name, ...shimOptions(values), file: required(values.shim, "--shim") };
    case "uninstall":
    case "verify":
      return { kind: name, ...shimOptions(values) };
    case "rollback":
      return { kind: name, noRestart: values["no-restart"] ?? false, json: values.json ?? false };
    default:
      throw usage(`there is no command "${name}"`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true, strict: true });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function shimOptions(values: Values): ShimOptions {
  const name = shimName(required(values.name, "--name"), "--name");
  return {
    name,
    handler: values.handler === undefined ? name : shimName(values.handler, "--handler"),
    options: Object.fromEntries((values.option ?? []).map(keyAndValue)),
    noRestart: values["no-restart"] ?? false,
    json: values.json ?? false,
  };
}

function shimName(value: string, flag: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw usage(`${flag} is "${value}": use at most 63 lower-case letters, digits and "-"`);
}

function keyAndValue(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw usage(`--option is "${text}": write it as KEY=VALUE`);
}

function stageOf(stage: string | undefined): "preflight" | "fetch" | "install" | "uninstall" {
  if (stage === "preflight" || stage === "fetch" || stage === "install" || stage === "uninstall") return stage;
  throw usage(`"job ${stage ?? ""}" is not a step: use preflight, fetch, install or uninstall`);
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined && value !== "") return value;
  throw usage(`${flag} is missing`);
}

function usage(what: string): InstallError {
  return new InstallError("RequestInvalid", `Cannot read the command line: ${what} (see "node-installer help")`);
}
