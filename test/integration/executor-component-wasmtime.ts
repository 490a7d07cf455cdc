import { spawn } from "node:child_process";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { pythonPackage } from "../guests/python-tools.ts";

const RUN_MS = 60_000;
const PROGRAM = join(import.meta.dirname, "wasmtime-reference.py");

/** An instance of a component, and functions of it to be called one after the other. */
export interface Job {
  /** The path of the component. */
  readonly component: string;
  readonly calls: readonly (readonly [name: string, args: readonly unknown[]])[];
}

/** What a call gave; if there was no instance, this is the only answer to its job. */
export type Answer = { readonly value: unknown } | { readonly error: string };

/** Does the jobs in wasmtime: the reference. Functions that components import give back their first argument. */
export async function runInWasmtime(jobs: readonly Job[]): Promise<readonly (readonly Answer[])[]> {
  const program = spawn("python3", [PROGRAM, await pythonPackage("wasmtime")], {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: RUN_MS,
  });
  program.stdin.end(JSON.stringify(jobs));
  return (await json(program.stdout)) as Answer[][];
}

/** A value in the form in which the reference takes and gives it: see there. */
export function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : textOf(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== false);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plainValue(inner)]));
}

function textOf(value: number): string {
  return value === 0 ? "-0" : String(value);
}
