import { ShimError } from "./shim-error.ts";

/**
 * What containerd tells a shim on its command line.
 *
 * @see {@link https://github.com/containerd/containerd/blob/main/core/runtime/v2/README.md#command-line-arguments}
 */
export interface Flags {
  readonly action: "start" | "delete" | "version" | "info";
  readonly namespace: string;
  /** Of the container. */
  readonly id: string;
  /** containerd's gRPC socket. */
  readonly address: string;
  /** Only `delete` gets it; it is the working directory anyway. */
  readonly bundle: string;
  readonly debug: boolean;
}

const TEXT_FLAGS = ["namespace", "id", "address", "publish-binary", "bundle", "socket", "debug-socket"] as const;
const BOOLEAN_FLAGS = ["debug", "v", "version", "info"] as const;
const ACTIONS = ["start", "delete"] as const;

type TextFlag = (typeof TEXT_FLAGS)[number];
type BooleanFlag = (typeof BOOLEAN_FLAGS)[number];

/**
 * Reads arguments as Go's `flag` package does: one or two dashes, `-k v` or `-k=v`, no value after a boolean, the action
 * behind the flags. Flags that only newer containerds know are passed over.
 *
 * @throws {ShimError} `InvalidArgument` for an action or a value that cannot be.
 */
export function parseFlags(args: readonly string[]): Flags {
  const { texts, booleans, word } = readWords(args);
  const action = actionOf(booleans, word);
  const flags: Flags = {
    action,
    namespace: texts.get("namespace") ?? "",
    id: texts.get("id") ?? "",
    address: texts.get("address") ?? "",
    bundle: texts.get("bundle") ?? "",
    debug: booleans.has("debug"),
  };
  if (action === "version" || action === "info") return flags;
  checkName("namespace", flags.namespace);
  checkName("id", flags.id);
  return flags;
}

interface Words {
  readonly texts: ReadonlyMap<TextFlag, string>;
  readonly booleans: ReadonlySet<BooleanFlag>;
  /** The first word behind the flags. */
  readonly word: string | undefined;
}

function readWords(args: readonly string[]): Words {
  const texts = new Map<TextFlag, string>();
  const booleans = new Set<BooleanFlag>();
  let at = 0;
  for (let flag = readFlag(args[at]); flag !== undefined; at += 1, flag = readFlag(args[at])) {
    const { name, value } = flag;
    if (isOneOf(BOOLEAN_FLAGS, name)) {
      if (value !== "false") booleans.add(name);
      continue;
    }
    const next = args[at + 1] ?? "";
    // An action behind a flag means that the flag, one that we do not know, has no value.
    if (value === undefined && !isOneOf(ACTIONS, next)) at += 1;
    if (isOneOf(TEXT_FLAGS, name)) texts.set(name, value ?? next);
  }
  return { texts, booleans, word: args[at] };
}

function readFlag(word = ""): { readonly name: string; readonly value: string | undefined } | undefined {
  const [, name, value] = /^--?([^=-][^=]*)(?:=(.*))?$/su.exec(word) ?? [];
  return name === undefined ? undefined : { name, value };
}

function actionOf(booleans: ReadonlySet<BooleanFlag>, word: string | undefined): Flags["action"] {
  if (booleans.has("v") || booleans.has("version")) return "version";
  if (booleans.has("info")) return "info";
  if (word !== undefined && isOneOf(ACTIONS, word)) return word;
  throw new ShimError(
    "InvalidArgument",
    `Cannot do "${word ?? ""}": a shim knows the actions start and delete; by hand there are "executor --help" and "-v"`,
  );
}

/** containerd's own rule for identifiers, which also keeps them from leaving a folder. */
const IDENTIFIER = /^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$/u;
const MAX_IDENTIFIER = 76;

function checkName(flag: string, value: string): void {
  if (IDENTIFIER.test(value) && value.length <= MAX_IDENTIFIER) return;
  throw new ShimError(
    "InvalidArgument",
    `Cannot use -${flag} "${value}": it must be 1 to ${MAX_IDENTIFIER} letters, digits, and single ".", "_" or "-" between them`,
  );
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}
