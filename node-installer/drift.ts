import { PLUGIN_IDS } from "./containerd-config/plugin-id.ts";
import { isTable, parseToml, tableAt, valueAt } from "./containerd-config/toml-tree.ts";
import type { TomlTable, TomlValue } from "./containerd-config/toml-tree.ts";

/** What decides whether ordinary pods can start; names as `config dump` writes them. */
const ESSENTIAL: readonly (readonly string[])[] = [
  ["sandbox_image"],
  ["restrict_oom_score_adj"],
  ["cni", "bin_dir"],
  ["cni", "bin_dirs"],
  ["cni", "conf_dir"],
  ["registry", "config_path"],
  ["containerd", "snapshotter"],
  ["containerd", "default_runtime_name"],
];

/**
 * Compares the configuration that the running containerd has (CRI's `info.config`) with the one that its files would
 * give it at the next start, outside `handler`.
 *
 * @returns what differs, for people; empty if nothing does.
 */
export function foreignChanges(runningJson: string, dump: string, handler: string): readonly string[] {
  const running = normalKeys(JSON.parse(runningJson));
  const tree = parseToml(dump, "the present configuration");
  const tables = PLUGIN_IDS.map((id) => tableAt(tree, ["plugins", id]));
  const cri = tables.find((table) => valueAt(table, ["containerd", "runtimes"]) !== undefined);
  if (cri === undefined) return ["the CRI plug-in has no runtimes any more"];
  return [...ESSENTIAL.flatMap((path) => compare(running, cri, path)), ...runtimeChanges(running, cri, handler)];
}

function compare(running: unknown, file: TomlTable, path: readonly string[]): string[] {
  const now = pick(running, path.map(normalKey));
  const next = valueAt(file, path);
  if (now === undefined || next === undefined || same(now, next)) return [];
  return [`${path.join(".")} is ${JSON.stringify(now)} and would be ${show(next)}`];
}

function runtimeChanges(running: unknown, file: TomlTable, handler: string): string[] {
  const now = pick(running, ["containerd", "runtimes"]);
  const next = tableAt(file, ["containerd", "runtimes"]);
  const names = new Set([...Object.keys(isObject(now) ? now : {}), ...Object.keys(next).map(normalKey)]);
  names.delete(normalKey(handler));
  return [...names].flatMap((name) => runtimeChange(name, pick(now, [name]), findNormal(next, name)));
}

function runtimeChange(name: string, now: unknown, next: TomlValue | undefined): string[] {
  if (now === undefined) return [`runtime "${name}" would be new`];
  if (!isTable(next)) return [`runtime "${name}" would be gone`];
  const type = pick(now, ["runtimetype"]);
  if (type !== next["runtime_type"]) return [`runtime_type of "${name}" is ${JSON.stringify(type)} and would be ${show(next["runtime_type"])}`];
  const options = Object.entries(tableAt(next, ["options"]));
  const changed = options.filter(([key, value]) => !sameOrDefault(pick(now, ["options", normalKey(key)]), value));
  return changed.map(([key, value]) => `option ${key} of "${name}" would be ${show(value)}`);
}

/** Some versions print options with their defaults, some leave them out. */
function sameOrDefault(now: unknown, next: TomlValue): boolean {
  return now === undefined ? next === "" || next === false || next === 0n : same(now, next);
}

function same(now: unknown, next: TomlValue): boolean {
  const normal = typeof next === "bigint" ? Number(next) : next;
  return JSON.stringify(now) === JSON.stringify(normal);
}

function show(value: TomlValue | undefined): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value) ?? "unset";
}

function findNormal(table: TomlTable, name: string): TomlValue | undefined {
  return Object.entries(table).find(([key]) => normalKey(key) === name)?.[1];
}

/** `restrictOOMScoreAdj` and `restrict_oom_score_adj` are the same thing. */
function normalKey(key: string): string {
  return key.toLowerCase().replaceAll("_", "");
}

function normalKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [normalKey(key), normalKeys(part)]));
}

function pick(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => (isObject(current) ? current[key] : undefined), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
