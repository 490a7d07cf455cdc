import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { jcoTranspile } from "../guests/component-tools.ts";

type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type Exports = Readonly<Record<string, unknown>>;

interface Transpiled {
  instantiate(getCoreModule: (path: string) => object, imports: Imports): Exports;
}

declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

/** The component as jco runs it: the reference. */
export async function instantiateByJco(component: Uint8Array, imports: Imports): Promise<Exports> {
  const transpiler = await jcoTranspile();
  const { files } = await transpiler.transpileBytes(component, {
    name: "reference",
    instantiation: "sync",
    nodejsCompat: false,
  });
  const folder = mkdtempSync(join(tmpdir(), "rcm-jco-"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const entry = pathToFileURL(join(folder, "reference.js")).href;
  const transpiled = (await import(entry)) as Transpiled;
  return transpiled.instantiate((path) => new WebAssembly.Module(readFileSync(join(folder, path))), imports);
}
