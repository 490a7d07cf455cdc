import { isDeepStrictEqual } from "node:util";
import type { Handler } from "./containerd-config/index.ts";
import { PLUGIN_IDS } from "./containerd-config/plugin-id.ts";
import { isTable, tableAt, valueAt } from "./containerd-config/toml-tree.ts";
import type { TomlTable } from "./containerd-config/toml-tree.ts";
import type { CriFacts, Runtime } from "./host/links.ts";

/** The runtime that the running containerd has under a handler, from CRI's own word. */
export function servedRuntime(
  { configJson, handlers }: Pick<CriFacts, "configJson" | "handlers">,
  handler: string,
): Runtime | undefined {
  const runtimes = pick(parse(configJson), "containerd", "runtimes");
  const found = pick(runtimes, handler);
  if (found === undefined) return handlers.includes(handler) ? { runtimeType: "", options: {} } : undefined;
  const type = pick(found, "runtimeType") ?? pick(found, "runtime_type");
  const options = pick(found, "options");
  return { runtimeType: typeof type === "string" ? type : "", options: isObject(options) ? options : {} };
}

export function isSameRuntime(a: Runtime | undefined, b: Runtime | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.runtimeType === b.runtimeType && isDeepStrictEqual(normal(a.options), normal(b.options));
}

/** What the running containerd should have under a handler. */
export interface Expectation {
  readonly handler: string;
  /** Undefined: the handler should not start the shim any more. */
  readonly runtime: Omit<Handler, "name"> | undefined;
  /** What a handler of ours starts: another one is somebody else's, and none of our business. */
  readonly ours: string;
}

export function isAsExpected(served: Runtime | undefined, { runtime, ours }: Expectation): boolean {
  return runtime === undefined ? !startsOurs(served, ours) : isSameRuntime(served, runtime);
}

/** Whether it starts our shim, or may do so: what CRI tells only the name of. */
export function startsOurs(served: Runtime | undefined, ours: string): boolean {
  return served !== undefined && (served.runtimeType === ours || served.runtimeType === "");
}

/** TOML and JSON readers differ in the class of their objects and numbers, not in what they mean. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? Number(part) : part)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pick(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => (isObject(current) ? current[key] : undefined), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The runtime that a `containerd config dump` has under a handler, whatever the plug-in is called there. */
export function runtimeInDump(dump: TomlTable, handler: string): Runtime | undefined {
  for (const id of PLUGIN_IDS) {
    const table = valueAt(dump, ["plugins", id, "containerd", "runtimes", handler]);
    if (!isTable(table)) continue;
    const type = table["runtime_type"];
    return { runtimeType: typeof type === "string" ? type : "", options: tableAt(table, ["options"]) };
  }
  return undefined;
}
