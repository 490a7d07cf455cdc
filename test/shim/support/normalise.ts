import type { Message } from "./cri-client.ts";

/** What one life must not be compared by, as its pods were named with it. */
export interface LifeNames {
  readonly handler: string;
  /** The file, or the name, that containerd runs as shim. */
  readonly runtimeType: string;
}

const TIMES: ReadonlySet<string> = new Set([
  "createdAt",
  "startedAt",
  "finishedAt",
  "timestamp",
  "created_at",
  "exited_at",
]);
/** Random, such as addresses of cards and names of cables, or the very difference of the two lives. */
const NAMED: ReadonlySet<string> = new Set(["cniResult", "runtimeHandler", "runtimeType"]);
/** Measured, so never twice the same. */
const AMOUNTS: ReadonlySet<string> = new Set(["cpu", "memory", "writableLayer", "network", "process"]);

/** Replaces in replies what differs from life to life by names in the order in which they appear. */
export class Normaliser {
  readonly #names: LifeNames;
  readonly #ids = new Map<string, string>();

  constructor(names: LifeNames) {
    this.#names = names;
  }

  value(value: unknown): unknown {
    if (typeof value === "string") return this.#text(value);
    if (Buffer.isBuffer(value)) return this.#text(value.toString());
    if (Array.isArray(value)) return value.toSorted(byName).map((item) => this.value(item));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value as Message).map(([key, item]) => [this.#text(key), this.#field(key, item)]);
    return Object.fromEntries(entries) as unknown;
  }

  #field(name: string, value: unknown): unknown {
    const key = name === "CNIResult" ? "cniResult" : name.replace(/^[A-Z]/, (letter) => letter.toLowerCase());
    if (TIMES.has(key)) return isZero(value) ? "no time" : "a time";
    if (key === "pid") return isZero(value) ? "no pid" : "a pid";
    if (NAMED.has(key)) return typeof value;
    if (key === "info") return this.#info(value);
    if (AMOUNTS.has(key) && typeof value === "object") return this.#amounts(value);
    return this.value(value);
  }

  /** Verbose replies hold JSON in a map of strings. */
  #info(value: unknown): unknown {
    if (typeof value === "string" && value.startsWith("{")) return this.value(JSON.parse(value) as unknown);
    return this.value(value);
  }

  /** The names of what was measured: the amounts are looked at by themselves. */
  #amounts(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value === null ? value : typeof value;
    const entries = Object.entries(value).map(([key, item]) => [key, this.#amounts(item)]);
    return Object.fromEntries(entries) as unknown;
  }

  #text(text: string): string {
    return text
      .replaceAll(this.#names.runtimeType, "RUNTIME-TYPE")
      .replaceAll(`-${this.#names.handler}`, "-HANDLER")
      .replaceAll(/\b[0-9a-f]{64}\b/g, (id) => this.#idName(id))
      .replaceAll(/\/snapshots\/\d+\//g, "/snapshots/N/")
      .replaceAll(/\/io\/\d+\//g, "/io/N/")
      .replaceAll(/\bcni-[0-9a-f-]{36}/g, "cni-NETNS")
      .replaceAll(/\b198\.19\.\d+\.\d+/g, "IP")
      .replaceAll(/\/proc\/\d+\//g, "/proc/PID/")
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "TIME");
  }

  #idName(id: string): string {
    const name = this.#ids.get(id) ?? `ID-${String(this.#ids.size + 1)}`;
    this.#ids.set(id, name);
    return name;
  }
}

function isZero(value: unknown): boolean {
  return value === 0 || value === "0" || value === "0001-01-01T00:00:00Z";
}

/** Lists of pods and containers come in no order. */
function byName(one: unknown, other: unknown): number {
  return nameOf(one).localeCompare(nameOf(other));
}

function nameOf(item: unknown): string {
  const { metadata } = (typeof item === "object" && item !== null ? item : {}) as Message;
  const { name, attempt } = (typeof metadata === "object" && metadata !== null ? metadata : {}) as Message;
  return typeof name === "string" ? `${name} ${String(attempt)}` : "";
}
