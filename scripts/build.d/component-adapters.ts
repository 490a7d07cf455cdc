/** What makes components of core modules, from the npm packages of jco: wasm-tools, and the adapters of WASI's first version. */
import { createHash } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { BuildError } from "../build-error.ts";
import type { BundledPackage } from "./bundle.ts";
import { recipeHash, replaceFolder } from "./cache-folder.ts";
import { runCommand } from "./run-command.ts";

interface AdapterPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Path in the package, name in the shim, and SHA-256. */
  readonly files: readonly (readonly [path: string, name: string, digest: string])[];
}

const LICENSE = "Apache-2.0 WITH LLVM-exception";
/** Of the first package; the second one, of the same repository, leaves it out. */
const LICENSE_FILE = "LICENSE";
const PACKAGES: readonly AdapterPackage[] = [
  {
    name: "@bytecodealliance/jco-transpile",
    version: "0.15.0",
    license: LICENSE,
    files: [
      [
        "vendor/wasm-tools.core.wasm",
        "wasm-tools.wasm",
        "3fefaaa84d88c2e256f1313a333f9bd605cb0eab55658f178a6f469fc01a6d22",
      ],
    ],
  },
  {
    name: "@bytecodealliance/jco",
    version: "1.35.0",
    license: LICENSE,
    files: [
      [
        "lib/wasi_snapshot_preview1.command.wasm",
        "wasi-preview1-command.wasm",
        "2a652d711c1fff34f9d5a0e073e50ef7eeb8fe7d8a6d559eae643a4c049a7b94",
      ],
      [
        "lib/wasi_snapshot_preview1.reactor.wasm",
        "wasi-preview1-reactor.wasm",
        "b857310c4753c8fafaa0f890e9ccf978dc3d9dbe8804b1125291a627485041d0",
      ],
    ],
  },
];

export interface ComponentAdapters {
  readonly files: readonly { readonly name: string; readonly path: string }[];
  readonly packages: readonly BundledPackage[];
}

/**
 * The files, from the cache if they are there.
 *
 * @throws {BuildError} `COMMAND_FAILED` if npm or tar fails, `SOURCE_MISSING` if a file is another one than that named here.
 */
export async function componentAdapters(cache: string, signal: AbortSignal): Promise<ComponentAdapters> {
  const folder = join(cache, `component-adapters-${await recipeHash([import.meta.url])}`);
  const files = PACKAGES.flatMap((one) => one.files.map(([, name]) => ({ name, path: join(folder, name) })));
  const licenseFile = join(folder, LICENSE_FILE);
  async function isThere(): Promise<boolean> {
    return (await readFile(licenseFile).catch(() => undefined)) !== undefined;
  }
  async function fill(work: string): Promise<void> {
    for (const one of PACKAGES) await unpack(one, work, signal);
  }
  if (!(await isThere())) await replaceFolder(folder, fill, isThere);
  const licenseText = await readFile(licenseFile, "utf8");
  const packages = PACKAGES.map(({ name, version, license }) => ({ name, version, license, licenseText }));
  return { files, packages };
}

async function unpack({ name, version, files }: AdapterPackage, work: string, signal: AbortSignal): Promise<void> {
  await runCommand("npm", ["pack", "--silent", `${name}@${version}`], { cwd: work }, signal);
  const archive = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
  await runCommand("tar", ["-xzf", archive], { cwd: work }, signal);
  const license = join(work, "package", LICENSE_FILE);
  await rename(license, join(work, LICENSE_FILE)).catch(() => undefined);
  for (const [path, target, digest] of files) {
    await rename(join(work, "package", path), join(work, target));
    const found = createHash("sha256")
      .update(await readFile(join(work, target)))
      .digest("hex");
    if (found !== digest) {
      throw new BuildError(
        "SOURCE_MISSING",
        `Cannot use "${basename(path)}" of ${name}@${version}: its SHA-256 is ${found}`,
      );
    }
  }
  await rm(join(work, "package"), { recursive: true });
  await rm(join(work, archive));
}
