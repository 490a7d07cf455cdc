import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder } from "./guest-cache.ts";
import { runTool } from "./run-tool.ts";

/**
 * What builds components, from npm. preview2-shim 0.26.1 breaks jco: it no longer opens `/` by itself.
 *
 * @see {@link https://github.com/bytecodealliance/jco}
 */
const MANIFEST = JSON.stringify({
  private: true,
  dependencies: {
    "@bytecodealliance/componentize-js": "0.23.0",
    "@bytecodealliance/jco": "1.35.0",
    "@bytecodealliance/jco-transpile": "0.15.0",
    "@bytecodealliance/preview2-shim": "0.26.0",
  },
  overrides: { "@bytecodealliance/preview2-shim": "0.26.0" },
});

interface Jco {
  preview1AdapterCommandPath(): string | URL;
  parse(wat: string): Promise<Uint8Array>;
  componentNew(core: Uint8Array, adapters?: readonly [string, Uint8Array][]): Promise<Uint8Array>;
  componentEmbed(options: {
    readonly binary?: Uint8Array;
    readonly dummy?: boolean;
    readonly witPath: string;
  }): Promise<Uint8Array>;
}

interface JcoTranspile {
  transpileBytes(bytes: Uint8Array, options: object): Promise<{ readonly files: Readonly<Record<string, Uint8Array>> }>;
}

interface ComponentizeJs {
  componentize(options: object): Promise<{ readonly component: Uint8Array }>;
}

/** The folder in which the tools are installed. */
async function toolsFolder(): Promise<string> {
  const key = createHash("sha256").update(MANIFEST).digest("hex").slice(0, 16);
  const folder = join(cacheFolder("tools"), key);
  if (existsSync(folder)) return folder;
  const half = mkdtempSync(join(cacheFolder("tools"), "half-"));
  writeFileSync(join(half, "package.json"), MANIFEST);
  await runTool("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], half);
  try {
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true }); // Another test was faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function load<Module>(name: string, entry: string): Promise<Module> {
  const path = join(await toolsFolder(), "node_modules", "@bytecodealliance", name, entry);
  return (await import(pathToFileURL(path).href)) as Module;
}

export async function jco(): Promise<Jco> {
  return load("jco", "dist/api.js");
}

export async function jcoTranspile(): Promise<JcoTranspile> {
  return load("jco-transpile", "dist/index.js");
}

export async function componentizeJs(): Promise<ComponentizeJs> {
  return load("componentize-js", "src/componentize.js");
}

/** A component from its text form. */
export async function componentFromText(wat: string): Promise<Uint8Array> {
  return (await jco()).parse(wat);
}

/** WASI's own WIT packages, as jco carries them. */
export async function wasiWit(): Promise<string> {
  return join(await toolsFolder(), "node_modules", "@bytecodealliance", "jco", "lib", "wit", "builtin", "0.2.12");
}
