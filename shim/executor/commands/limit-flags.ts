import { ServeError } from "../server/errors.ts";
import type { ServerLimits } from "../server/limits.ts";

/** Flags of `serve` for its limits, each a whole number. */
export const LIMIT_FLAGS = {
  "max-threads": { type: "string" },
  "request-ms": { type: "string" },
  "compute-ms": { type: "string" },
  "max-concurrent": { type: "string" },
  "max-queued": { type: "string" },
  "queue-ms": { type: "string" },
  "max-body-bytes": { type: "string" },
  "max-header-bytes": { type: "string" },
  "linger-ms": { type: "string" },
  "grace-ms": { type: "string" },
} as const;

export type LimitFlagValues = { readonly [Name in keyof typeof LIMIT_FLAGS]?: string };

const MAX = 2 ** 40;

/** @throws {ServeError} `USAGE` if a value is no whole number within its bounds. */
export function limitsFrom(values: LimitFlagValues, defaults: ServerLimits): ServerLimits {
  function number(name: keyof LimitFlagValues, fallback: number, min: number): number {
    const text = values[name];
    return text === undefined ? fallback : parseNumber(name, text, min);
  }
  return {
    maxThreads: number("max-threads", defaults.maxThreads, 1),
    requestMs: number("request-ms", defaults.requestMs, 1),
    computeMs: number("compute-ms", defaults.computeMs, 1),
    maxConcurrent: number("max-concurrent", defaults.maxConcurrent, 1),
    maxQueued: number("max-queued", defaults.maxQueued, 0),
    queueMs: number("queue-ms", defaults.queueMs, 0),
    maxRequestBodyBytes: number("max-body-bytes", defaults.maxRequestBodyBytes, 0),
    maxHeaderBytes: number("max-header-bytes", defaults.maxHeaderBytes, 1024),
    lingerMs: number("linger-ms", defaults.lingerMs, 0),
    graceMs: number("grace-ms", defaults.graceMs, 0),
  };
}

function parseNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (/^[0-9]{1,13}$/.test(text) && value >= min && value <= MAX) return value;
  throw new ServeError("USAGE", `Cannot use --${name} "${text}": it must be a whole number from ${min} to ${MAX}`);
}
