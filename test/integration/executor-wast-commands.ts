import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { crateSource } from "../guests/crate-source.ts";
import { wasmTools } from "../guests/python-tools.ts";
import { runTool } from "../guests/run-tool.ts";

/** Of the same version as the program that reads the files. */
const CRATE = ["wasm-tools", "1.262.0"] as const;

/** Folders of the crate's tests: the specification's own tests, and those of wasm-tools. */
export const SUITES = {
  specification: join("component-model", "test"),
  "wasm-tools": join("cli", "component-model"),
} as const;

/** A value as `wasm-tools json-from-wast` writes it. */
export interface WastValue {
  readonly type: string;
  readonly value: unknown;
}

export interface WastAction {
  readonly type: string;
  readonly field: string;
  /** The name of the instance; none is the last one. */
  readonly module?: string;
  readonly args: readonly WastValue[];
}

interface WastFile {
  readonly filename: string;
  readonly module_type: "binary" | "text";
  readonly name?: string;
}

/** What a `.wast` file says, as `wasm-tools json-from-wast` writes it; a "module" is a component too. */
export type WastCommand = { readonly line: number } & (Definition | Action);
type Definition =
  | ({ readonly type: "module" | "module_definition" } & WastFile)
  | ({
      readonly type: "assert_invalid" | "assert_malformed" | "assert_uninstantiable";
      readonly text: string;
    } & WastFile)
  | { readonly type: "module_instance"; readonly instance?: string; readonly module?: string };
type Action =
  | { readonly type: "assert_return"; readonly action: WastAction; readonly expected: readonly WastValue[] }
  | { readonly type: "assert_trap"; readonly action: WastAction; readonly text: string }
  | { readonly type: "action"; readonly action: WastAction };

export interface Wast {
  /** Where the components are that the commands name. */
  readonly folder: string;
  readonly commands: readonly WastCommand[];
}

/** The paths of the `.wast` files of a suite, and the folder that they are in. */
export async function wastFiles(suite: keyof typeof SUITES): Promise<{ folder: string; names: readonly string[] }> {
  const folder = join(await crateSource(...CRATE), "tests", SUITES[suite]);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return { folder, names: names.filter((name) => name.endsWith(".wast")).toSorted() };
}

/** Turns a `.wast` file into commands and components in the binary format, which are there for as long as `use` takes. */
export async function withWast<Result>(path: string, use: (wast: Wast) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), `rcm-wast-${basename(path, ".wast")}-`));
  try {
    const output = join(folder, "commands.json");
    await runTool(await wasmTools(), ["json-from-wast", "--wasm-dir", folder, "--output", output, path], folder);
    const { commands } = JSON.parse(readFileSync(output, "utf8")) as { commands: WastCommand[] };
    return await use({ folder, commands });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
