import { readFileSync, statSync } from "node:fs";
import type { Any } from "../proto/any.ts";
import {
  RUNC_OPTIONS_TYPE,
  RUNTIME_OPTIONS_TYPE,
  RuncOptions,
  RuntimeOptions as OptionsMessage,
} from "../proto/options.ts";
import { TtrpcError } from "../ttrpc/status.ts";

/** What can be set for a handler in containerd's configuration, in the table `…runtimes.<handler>.options`. */
export interface RuntimeOptions {
  /** Let systemd make the cgroups. Without it the form of the cgroup's path decides. */
  readonly systemdCgroup: boolean | undefined;
  /** Which containers share a shim: those of a pod, or all of the node. */
  readonly grouping: "pod" | "node";
  /** runc, or what takes its place. */
  readonly binaryName: string;
  /** Folder of runc's state; the namespace is appended. */
  readonly root: string;
  readonly noPivotRoot: boolean;
  readonly noNewKeyring: boolean;
  /** Owner of the container's pipes; they stay containerd's without it. */
  readonly ioUid: number | undefined;
  readonly ioGid: number | undefined;
}

export const DEFAULT_OPTIONS: RuntimeOptions = {
  systemdCgroup: undefined,
  grouping: "pod",
  binaryName: "runc",
  root: "/run/containerd/runc",
  noPivotRoot: false,
  noNewKeyring: false,
  ioUid: undefined,
  ioGid: undefined,
};

/** Larger TOML is refused. */
const MAX_TOML_BYTES = 64 * 1024;

/**
 * Reads the options that containerd passes on: its runc options (Docker sends them to any runtime), or TOML, in the
 * message or in a file. Absent options are the defaults.
 *
 * @throws {TtrpcError} `INVALID_ARGUMENT` that names the key or the file.
 */
export async function parseOptions(any: Any | undefined): Promise<RuntimeOptions> {
  const type = any?.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1) ?? "";
  if (any === undefined || type === "") return DEFAULT_OPTIONS;
  if (type === RUNC_OPTIONS_TYPE) return fromRuncOptions(any.value);
  if (type === RUNTIME_OPTIONS_TYPE) {
    const { configPath, configBody } = decoded(() => OptionsMessage.decode(any.value));
    if (configBody.length > 0) return await fromToml(Buffer.from(configBody).toString("utf8"), "its options table");
    if (configPath !== "") return await fromToml(readToml(configPath), configPath);
    return DEFAULT_OPTIONS;
  }
  throw invalid(`Cannot read options of type "${type}": use a table of options in containerd's configuration`);
}

function fromRuncOptions(bytes: Uint8Array): RuntimeOptions {
  const options = decoded(() => RuncOptions.decode(bytes));
  return {
    ...DEFAULT_OPTIONS,
    systemdCgroup: options.systemdCgroup || undefined,
    binaryName: options.binaryName || DEFAULT_OPTIONS.binaryName,
    root: options.root || DEFAULT_OPTIONS.root,
    noPivotRoot: options.noPivotRoot,
    noNewKeyring: options.noNewKeyring,
    ioUid: options.ioUid || undefined,
    ioGid: options.ioGid || undefined,
  };
}

function readToml(path: string): string {
  try {
    const { size } = statSync(path);
    if (size <= MAX_TOML_BYTES) return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(`Cannot read the options in "${path}", which ConfigPath names`, cause);
  }
  throw invalid(`Cannot read the options in "${path}": it has more than ${MAX_TOML_BYTES} bytes`);
}

/** The keys, as people write them, and what reads each. "" and 0 count as absent, as containerd's own table has them. */
const KEYS = {
  SystemdCgroup: (value: unknown) => ({ systemdCgroup: asBoolean("SystemdCgroup", value) }),
  Grouping: (value: unknown) => ({ grouping: asGrouping(value) }),
  BinaryName: (value: unknown) => ({ binaryName: asText("BinaryName", value) || DEFAULT_OPTIONS.binaryName }),
  Root: (value: unknown) => ({ root: asText("Root", value) || DEFAULT_OPTIONS.root }),
  NoPivotRoot: (value: unknown) => ({ noPivotRoot: asBoolean("NoPivotRoot", value) }),
  NoNewKeyring: (value: unknown) => ({ noNewKeyring: asBoolean("NoNewKeyring", value) }),
  IoUid: (value: unknown) => ({ ioUid: asId("IoUid", value) || undefined }),
  IoGid: (value: unknown) => ({ ioGid: asId("IoGid", value) || undefined }),
  // containerd's own keys: the type and the place of this very table.
  TypeUrl: () => ({}),
  ConfigPath: () => ({}),
} as const satisfies Readonly<Record<string, (value: unknown) => Partial<RuntimeOptions>>>;

/** What runc's own shim has besides. containerd's default table has most of them, with nothing in them. */
const UNKNOWN_HERE: ReadonlySet<string> = new Set([
  "ShimCgroup",
  "CriuPath",
  "CriuImagePath",
  "CriuWorkPath",
  "TaskApiAddress",
  "TaskApiVersion",
]);

async function fromToml(text: string, from: string): Promise<RuntimeOptions> {
  if (text.length > MAX_TOML_BYTES) throw invalid(`Cannot read ${from}: it has more than ${MAX_TOML_BYTES} bytes`);
  const { parse } = await import("toml");
  const table: unknown = decoded((): unknown => parse(text), `Cannot read ${from} as TOML`);
  const parts = Object.entries(table ?? {}).map(([key, value]): Partial<RuntimeOptions> => {
    if (isKey(key)) return KEYS[key](value);
    if (UNKNOWN_HERE.has(key) && isNothing(value)) return {};
    throw invalid(`Cannot use the option "${key}" in ${from}: the options are ${Object.keys(KEYS).join(", ")}`);
  });
  return parts.reduce<RuntimeOptions>((options, part) => Object.assign(options, part), { ...DEFAULT_OPTIONS });
}

function isNothing(value: unknown): boolean {
  return value === "" || value === 0 || value === 0n || value === false;
}

function isKey(key: string): key is keyof typeof KEYS {
  return Object.hasOwn(KEYS, key);
}

function asBoolean(key: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw invalid(`Cannot use ${key} = ${JSON.stringify(value)}: it must be true or false`);
}

function asText(key: string, value: unknown): string {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw invalid(`Cannot use ${key} = ${JSON.stringify(value)}: it must be a text`);
}

function asGrouping(value: unknown): RuntimeOptions["grouping"] {
  if (value === "pod" || value === "node") return value;
  throw invalid(`Cannot use Grouping = ${JSON.stringify(value)}: it must be "pod" or "node"`);
}

/** Linux has 32 bits for them, and keeps the last for "none". */
const MAX_ID = 2 ** 32 - 2;

function asId(key: string, value: unknown): number {
  const id = typeof value === "bigint" ? Number(value) : value;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id;
  throw invalid(`Cannot use ${key} = ${String(value)}: it must be a whole number from 0 to ${MAX_ID}`);
}

function decoded<T>(decode: () => T, problem = "Cannot read the options that containerd sent"): T {
  try {
    return decode();
  } catch (cause) {
    throw invalid(problem, cause);
  }
}

function invalid(message: string, cause?: unknown): TtrpcError {
  const detail = cause instanceof Error ? `: ${cause.message}` : "";
  return new TtrpcError("INVALID_ARGUMENT", message + detail, { cause });
}
