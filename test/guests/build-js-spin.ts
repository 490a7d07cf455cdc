import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmFolder } from "./npm-folder.ts";
import { runTool } from "./run-tool.ts";

const SOURCES = join(import.meta.dirname, "js-spin");
const SCOPE = "node_modules/@spinframework";

/**
 * As people's applications have it. Its WIT is for what Spin has packages for as well, but these are not to be had from
 * npm.
 *
 * @see {@link https://github.com/spinframework/spin-js-sdk}
 */
const MANIFEST = JSON.stringify({
  private: true,
  type: "module",
  dependencies: { "@spinframework/build-tools": "1.0.7", "@spinframework/wasi-http-proxy": "1.0.1" },
  config: { witDependencies: [{ witPath: "./wit", package: "rcm:js-spin@0.1.0", world: "imports" }] },
});

/** Spin's build tools take what they need from the working folder. */
export async function buildJsSpin(cache: string): Promise<Uint8Array> {
  const installed = await npmFolder(MANIFEST);
  const folder = mkdtempSync(join(cache, "app-"));
  try {
    symlinkSync(join(installed, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), MANIFEST);
    cpSync(join(SOURCES, "app.js.txt"), join(folder, "app.js")); // Not for our compiler and linter.
    cpSync(join(SOURCES, "wit"), join(folder, "wit"), { recursive: true });
    cpSync(join(installed, SCOPE, "build-tools/wit/world.wit"), join(folder, "wit/deps/wasi.wit"));
    const tool = join(installed, SCOPE, "build-tools/dist/index.js");
    await runTool(process.execPath, [tool, "-i", "app.js", "-o", "app.wasm"], folder);
    return readFileSync(join(folder, "app.wasm"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
