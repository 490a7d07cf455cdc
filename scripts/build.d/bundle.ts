/** Bundles a program, so that no node_modules is needed where it runs. */
import { readFile, readdir } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, join } from "node:path";
import type { BuildOptions, Metafile, OutputFile } from "esbuild";
import { build } from "esbuild";
import { BuildError } from "../build-error.ts";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression as its package.json has it, or "". */
  readonly license: string;
  /** The text of its licence file, or "". */
  readonly licenseText: string;
}

export interface Bundle {
  readonly code: Uint8Array;
  /** What it contains besides our own files, sorted by name. */
  readonly packages: readonly BundledPackage[];
}

interface BundleFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface SplitBundle {
  /** The first one is the program; it imports the others from beside it. */
  readonly files: readonly BundleFile[];
  readonly packages: readonly BundledPackage[];
}

/** CommonJS modules in an ES module still call `require` for Node's own modules. */
const REQUIRE =
  'import{createRequire as rcmCreateRequire}from"node:module";const require=rcmCreateRequire(import.meta.url);';

/**
 * One module from `entry` (relative to `root`) and all that it imports. Names are kept, so stack traces can be read. An ES
 * module costs some 6 MB and 25 ms more than a CommonJS module, but can await at its top.
 *
 * @throws {BuildError} `SOURCE_MISSING` if `entry` does not bundle, or would import something at run time that is not Node's.
 */
export async function bundleProgram(root: string, entry: string, format: "esm" | "cjs" = "esm"): Promise<Bundle> {
  const bundled = await bundle(root, entry, { format });
  return { code: onlyFile(entry, bundled), packages: await bundledPackages(root, bundled.metafile) };
}

/** @throws {BuildError} `SOURCE_MISSING` if there is none. */
export function onlyFile(entry: string, { outputFiles: [output] }: Bundled): Uint8Array {
  if (output === undefined) throw isEmpty(entry);
  return output.contents;
}

/**
 * The same as `name`.mjs, with what is imported on demand in files of its own: V8 keeps the text of every file that is
 * loaded, so a process pays only for what it uses.
 *
 * @throws {BuildError} as `bundleProgram`.
 */
export async function bundleInParts(root: string, entry: string, name: string): Promise<SplitBundle> {
  const { outputFiles, metafile } = await bundle(root, entry, {
    splitting: true,
    entryNames: name,
    chunkNames: "part-[hash]",
    outExtension: { ".js": ".mjs" },
  });
  const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), content: contents }));
  const program = files.find((file) => file.name === `${name}.mjs`);
  if (program === undefined) throw isEmpty(entry);
  const parts = files.filter((file) => file !== program).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { files: [program, ...parts], packages: await bundledPackages(root, metafile) };
}

interface Bundled {
  readonly outputFiles: readonly OutputFile[];
  readonly metafile: Metafile;
}

/** @throws {BuildError} as `bundleProgram`. */
export async function bundle(root: string, entry: string, options: BuildOptions): Promise<Bundled> {
  const { format = "esm" } = options;
  const { outputFiles = [], metafile = { inputs: {}, outputs: {} } } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: "bundle", // Only a name: nothing is written.
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none", // The licences lie beside the program, whole.
    charset: "ascii",
    ...(format === "esm" ? { banner: { js: REQUIRE } } : {}),
    metafile: true,
    logLevel: "silent",
    ...options,
  }).catch((cause: unknown) => {
    const [first = "unknown"] = (cause as Error).message.split("\n").slice(1);
    throw new BuildError("SOURCE_MISSING", `Cannot bundle "${entry}": ${first}`, { cause });
  });
  refuseLateImports(entry, metafile);
  return { outputFiles, metafile };
}

function isEmpty(entry: string): BuildError {
  return new BuildError("SOURCE_MISSING", `Cannot bundle "${entry}": it is empty`);
}

/** esbuild leaves what it cannot find, inside `try` blocks of CommonJS modules, for run time: optional dependencies. */
function refuseLateImports(entry: string, metafile: Metafile): void {
  const late = Object.values(metafile.outputs)
    .flatMap((output) => output.imports)
    .filter(({ path, kind, external }) => external === true && kind !== "require-call" && !isBuiltin(path));
  if (late.length === 0) return;
  const names = late.map(({ path }) => path).join(", ");
  throw new BuildError("SOURCE_MISSING", `Cannot bundle "${entry}": it imports ${names} at run time`);
}

/** What a bundle contains besides our own files, sorted by name. */
export async function bundledPackages(root: string, metafile: Metafile): Promise<BundledPackage[]> {
  const folders = Object.keys(metafile.inputs).map(
    (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0],
  );
  const unique = [...new Set(folders)].filter((folder) => folder !== undefined).toSorted();
  return await Promise.all(unique.map(async (folder) => await readPackage(join(root, folder))));
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  const file = (await readdir(folder)).find((name) => /^licen[cs]e(\.\w+)?$/i.test(name));
  return {
    name: String(manifest["name"]),
    version: String(manifest["version"]),
    license: typeof manifest["license"] === "string" ? manifest["license"] : "",
    licenseText: file === undefined ? "" : await readFile(join(folder, file), "utf8"),
  };
}
