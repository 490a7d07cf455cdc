import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder } from "./guest-cache.ts";
import { npmFolder } from "./npm-folder.ts";

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
  preview1AdapterReactorPath(): string | URL;
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

async function load<Module>(name: string, entry: string): Promise<Module> {
  const path = join(await npmFolder(MANIFEST), "node_modules", "@bytecodealliance", name, entry);
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

/** A folder as `executor --adapters` takes it: wasm-tools, and the adapters of WASI's first version, as jco carries them. */
export async function adapterFolder(): Promise<string> {
  const packages = join(await npmFolder(MANIFEST), "node_modules", "@bytecodealliance");
  const folder = cacheFolder("adapters");
  for (const [from, name] of [
    ["jco-transpile/vendor/wasm-tools.core.wasm", "wasm-tools.wasm"],
    ["jco/lib/wasi_snapshot_preview1.command.wasm", "wasi-preview1-command.wasm"],
    ["jco/lib/wasi_snapshot_preview1.reactor.wasm", "wasi-preview1-reactor.wasm"],
  ] as const) {
    copyFileSync(join(packages, from), join(folder, `${name}.${String(process.pid)}`));
    renameSync(join(folder, `${name}.${String(process.pid)}`), join(folder, name));
  }
  return folder;
}

/** WASI's own WIT packages, as jco carries them. */
export async function wasiWit(): Promise<string> {
  return join(await npmFolder(MANIFEST), "node_modules", "@bytecodealliance", "jco", "lib", "wit", "builtin", "0.2.12");
}
