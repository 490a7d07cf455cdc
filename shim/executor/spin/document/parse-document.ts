import { Buffer } from "node:buffer";
import { SpinError } from "../errors.ts";
import { isFields, type ShownValues, Table } from "./table.ts";

/** Real ones have at most 6. */
const MAX_DEPTH = 32;

export interface DocumentSource {
  /** For messages: `spin.toml`. */
  readonly name: string;
  readonly text: string;
  readonly maxBytes: number;
  /** @default "shown" */
  readonly values?: ShownValues;
}

/** @throws {SpinError} `INVALID` if it is too large, too deep, or no JSON object. */
export function parseJsonDocument(source: DocumentSource): Table {
  checkSize(source);
  let value: unknown;
  try {
    value = JSON.parse(source.text);
  } catch (cause) {
    throw unreadable(source, "it is no JSON", cause);
  }
  return rootOf(source, value);
}

/** @throws {SpinError} `INVALID` if it is too large, too deep, or no TOML; the message says in which line. */
export async function parseTomlDocument(source: DocumentSource): Promise<Table> {
  checkSize(source);
  const { parse } = await import("toml"); // Most containers never need it.
  let value: unknown;
  try {
    value = parse(source.text, { maxDepth: MAX_DEPTH });
  } catch (cause) {
    throw unreadable(source, `it is no TOML${lineOf(cause)}`, cause);
  }
  return rootOf(source, value);
}

function checkSize(source: DocumentSource): void {
  const bytes = Buffer.byteLength(source.text);
  if (bytes <= source.maxBytes) return;
  throw unreadable(source, `it has ${String(bytes)} bytes, and the limit is ${String(source.maxBytes)}`);
}

function rootOf(source: DocumentSource, value: unknown): Table {
  if (depthOf(value, 0) > MAX_DEPTH) {
    throw unreadable(source, `its tables and lists are more than ${String(MAX_DEPTH)} levels deep`);
  }
  if (!isFields(value)) throw unreadable(source, "it is no object");
  return new Table(source.name, "", value, source.values);
}

/** Stops counting above the limit, so that nothing deep is walked to its end. */
function depthOf(value: unknown, above: number): number {
  if (typeof value !== "object" || value === null || above > MAX_DEPTH) return above;
  let deepest = above + 1;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item, above + 1));
  return deepest;
}

function lineOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("line" in error && typeof error.line === "number") return `, line ${String(error.line)}`;
  // The grammar's own errors have it elsewhere.
  return "location" in error ? lineOf(startOf(error.location)) : "";
}

function startOf(location: unknown): unknown {
  return typeof location === "object" && location !== null && "start" in location ? location.start : undefined;
}

function unreadable({ name }: DocumentSource, is: string, cause?: unknown): SpinError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new SpinError("INVALID", `Cannot read ${name}: ${is}${why}`, { cause });
}
