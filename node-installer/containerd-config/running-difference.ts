import { InstallError } from "../errors.ts";
import { pluginOfDump } from "./cri-section.ts";
import { CRI_IMAGES } from "./plugin-id.ts";
import { sameValue } from "./same-value.ts";
import { tomlKey } from "./toml-text.ts";
import type { TomlTable, TomlValue } from "./toml-tree.ts";
import { isTable, parseToml, tableAt, valueAt } from "./toml-tree.ts";

export interface RunningOptions {
  /** `info.config` of the verbose answer of CRI's Status: what the running containerd has in force, as JSON. */
  readonly configJson: string;
  /** `containerd config dump` of the files on disk: what a restart would put in force. */
  readonly dump: string;
  /** Our handlers: they may differ, because we may have written them and not restarted yet. */
  readonly ownHandlers: readonly string[];
}

export interface RunningDifference {
  /** For people, by the names of the dump: `containerd.runtimes.runc.options.SystemdCgroup`. */
  readonly path: string;
  readonly running: TomlValue | undefined;
  readonly onDisk: TomlValue | undefined;
}

/** Name in the CRI plug-in's table (dump) and in the JSON, where Go's field tags differ from it by more than case. */
const ESSENTIAL: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["sandbox_image"], ["sandboxImage"]],
  [["restrict_oom_score_adj"], ["restrictOOMScoreAdj"]],
  [["enable_selinux"], ["enableSelinux"]],
  [
    ["cni", "bin_dir"],
    ["cni", "binDir"],
  ],
  [
    ["cni", "bin_dirs"],
    ["cni", "binDirs"],
  ],
  [
    ["cni", "conf_dir"],
    ["cni", "confDir"],
  ],
  [
    ["cni", "conf_template"],
    ["cni", "confTemplate"],
  ],
  [
    ["registry", "config_path"],
    ["registry", "configPath"],
  ],
  [
    ["containerd", "snapshotter"],
    ["containerd", "snapshotter"],
  ],
  [
    ["containerd", "default_runtime_name"],
    ["containerd", "defaultRuntimeName"],
  ],
];

/**
 * What somebody changed in the files since containerd started, of that which decides whether pods start: a restart of
 * ours would put their change in force. What only one side knows is not compared: containerd 2 reports nothing of
 * images through CRI.
 *
 * @throws {InstallError} `ConfigInvalid` if the JSON or the dump cannot be read, or the dump has no CRI plug-in.
 */
export function runningDifference({ configJson, dump, ownHandlers }: RunningOptions): readonly RunningDifference[] {
  const running = parseStatus(configJson);
  const onDisk = criOfDump(dump);
  const settings = ESSENTIAL.flatMap(([path, jsonPath]) =>
    compared(path, plain(valueAt(running, jsonPath)), plain(valueAt(onDisk, path))),
  );
  return [...settings, ...runtimeDifferences(running, onDisk, ownHandlers)];
}

/** A setting that one side does not know is left out. */
function compared(
  path: readonly string[],
  running: TomlValue | undefined,
  onDisk: TomlValue | undefined,
): readonly RunningDifference[] {
  return running === undefined || onDisk === undefined ? [] : different(path, running, onDisk);
}

function different(
  path: readonly string[],
  running: TomlValue | undefined,
  onDisk: TomlValue | undefined,
): readonly RunningDifference[] {
  return sameValue(running, onDisk) ? [] : [{ path: tomlKey(path), running, onDisk }];
}

function runtimeDifferences(
  running: TomlTable,
  onDisk: TomlTable,
  ownHandlers: readonly string[],
): readonly RunningDifference[] {
  const path = ["containerd", "runtimes"];
  const [now, next] = [tableAt(running, path), tableAt(onDisk, path)];
  const names = [...new Set([...Object.keys(now), ...Object.keys(next)])].filter((name) => !ownHandlers.includes(name));
  return names
    .toSorted()
    .flatMap((name) => runtimeDifference([...path, name], valueAt(now, [name]), valueAt(next, [name])));
}

function runtimeDifference(
  path: readonly string[],
  running: TomlValue | undefined,
  onDisk: TomlValue | undefined,
): readonly RunningDifference[] {
  if (running === undefined || onDisk === undefined || !isTable(running) || !isTable(onDisk)) {
    return different(path, running, onDisk);
  }
  const type = different([...path, "runtime_type"], running["runtimeType"], onDisk["runtime_type"]);
  const options = [tableAt(running, ["options"]), tableAt(onDisk, ["options"])] as const;
  return type.concat(optionDifferences([...path, "options"], ...options));
}

/** An option that is not set and one that has Go's zero value are the same to a shim. */
function optionDifferences(
  path: readonly string[],
  running: TomlTable,
  onDisk: TomlTable,
): readonly RunningDifference[] {
  const keys = [...new Set([...Object.keys(running), ...Object.keys(onDisk)])].toSorted();
  return keys.flatMap((key) => {
    const [a, b] = [plain(valueAt(running, [key])), plain(valueAt(onDisk, [key]))];
    return isZero(a) && isZero(b) ? [] : different([...path, key], a, b);
  });
}

function isZero(value: TomlValue | undefined): boolean {
  return (
    value === undefined ||
    value === "" ||
    value === false ||
    value === 0 ||
    (Array.isArray(value) && value.length === 0)
  );
}

/** Numbers as JSON knows them. */
function plain(value: TomlValue | undefined): TomlValue | undefined {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return (value as readonly TomlValue[]).map((part) => plain(part) ?? "");
  if (value === undefined || !isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part) ?? ""]));
}

/** Containerd 2 has the sandbox image, registry and snapshotter in a plug-in of their own. */
function criOfDump(dump: string): TomlTable {
  const tree = parseToml(dump, "containerd config dump");
  const id = pluginOfDump(tree);
  if (id !== undefined) return { ...tableAt(tree, ["plugins", CRI_IMAGES]), ...tableAt(tree, ["plugins", id]) };
  throw new InstallError(
    "ConfigInvalid",
    `Cannot read "containerd config dump": it has no runtimes, so CRI is not part of it`,
  );
}

function parseStatus(configJson: string): TomlTable {
  try {
    const value: unknown = JSON.parse(configJson, (_key, part: unknown) => (part === null ? undefined : part));
    if (isJsonTable(value)) return value;
  } catch (error) {
    throw unreadable(error);
  }
  throw unreadable(undefined);
}

function isJsonTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unreadable(cause: unknown): InstallError {
  return new InstallError(
    "ConfigInvalid",
    "Cannot read what containerd says of its configuration: it is not a JSON object",
    {
      cause,
    },
  );
}
