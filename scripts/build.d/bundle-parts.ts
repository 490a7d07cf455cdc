/** Bundles a program for which no file but its own is there, in scripts that are loaded when they are needed. */
import { isBuiltin } from "node:module";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { BuildError } from "../build-error.ts";
import type { BundledPackage } from "./bundle.ts";
import { bundle, bundledPackages, onlyFile } from "./bundle.ts";

interface Part {
  readonly name: string;
  /** One CommonJS module. */
  readonly code: Uint8Array;
}

export interface ProgramInParts extends Part {
  readonly parts: readonly Part[];
  /** What all of them contain besides our own files, sorted by name. */
  readonly packages: readonly BundledPackage[];
}

/** Of ours, what is loaded by `import()` and shares no state with what loads it: its classes are others. */
const OWN_PARTS: Readonly<Record<string, string>> = {
  "executor-program.ts": "executor",
};

const LOADER = "shim/load-part.ts";

/**
 * `entry` (relative to `root`) as one CommonJS module, and in modules of their own what it loads by `import()`: packages,
 * and OWN_PARTS. V8 keeps the text of every script that is loaded, so a process pays only for what it uses.
 *
 * @throws {BuildError} `SOURCE_MISSING` as `bundleProgram`, and if a package is a part and part of another one too.
 */
export async function bundleWithParts(root: string, entry: string): Promise<ProgramInParts> {
  const sources = new Map([["", join(root, entry)]]);
  const bundled: (Part & { readonly packages: readonly BundledPackage[] })[] = [];
  // Parts have parts: what is found goes to the end of the map that is walked.
  for (const [name, source] of sources) {
    const output = await bundle(root, source, { format: "cjs", plugins: [divide(root, sources)] });
    const packages = await bundledPackages(root, output.metafile);
    bundled.push({ name, code: onlyFile(entry, output), packages });
  }
  const [program, ...parts] = bundled;
  if (program === undefined) throw new BuildError("SOURCE_MISSING", `Cannot bundle "${entry}": it is empty`);
  const packages = new Map(bundled.flatMap((part) => part.packages.map((one) => [one.name, one])));
  const sorted = [...packages.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { ...program, parts, packages: sorted };
}

/** Puts a call of the loader in the place of each part, and notes the part. */
function divide(root: string, sources: Map<string, string>): Plugin {
  return {
    name: "parts",
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, kind, resolveDir, pluginData }) => {
        const name = kind === "dynamic-import" && pluginData !== divide ? nameOf(path) : undefined;
        if (name === undefined) return undefined;
        const resolved = await build.resolve(path, { kind: "require-call", resolveDir, pluginData: divide });
        if (resolved.errors.length > 0) return { errors: resolved.errors };
        sources.set(name, resolved.path);
        return { path: name, namespace: "part" };
      });
      build.onLoad({ filter: /./, namespace: "part" }, ({ path }) => ({
        contents: `module.exports = require("./${LOADER}").loadPart(${JSON.stringify(path)}, require);`,
        resolveDir: root,
      }));
      build.onLoad({ filter: /./, namespace: "absent" }, ({ path }) => ({
        contents: `throw new Error(${JSON.stringify(`Cannot load "${path}": it is not part of this program`)});`,
      }));
    },
  };
}

function nameOf(specifier: string): string | undefined {
  if (isBuiltin(specifier)) return undefined;
  if (!specifier.startsWith(".")) return specifier.replaceAll(/[^\w.-]/g, "_");
  return OWN_PARTS[specifier.slice(specifier.lastIndexOf("/") + 1)];
}
