/** What Node needs of a Linux system, to be carried by the shim. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { BuildError } from "../build-error.ts";
import type { DebianTree } from "./debian-packages.ts";
import type { Platform } from "./platform.ts";
import { packagedFile, sharedLibraries } from "./shared-libraries.ts";
import type { Library } from "./shim-elf.ts";

/** What the loader reads of the machine that it runs on. Libraries made for another C library could come from there. */
const FOREIGN_FILES = ["/etc/ld.so.cache", "/etc/ld.so.preload"];
/** Nothing can be below a device. */
const NOWHERE = "/dev/null/";

/**
 * The loader, then the libraries by name.
 *
 * @throws {BuildError} `SOURCE_MISSING` if a package does not have what is expected of it
 */
export async function shimLibraries(
  { root }: DebianTree,
  platform: Platform,
  executable: string,
): Promise<[Library, ...Library[]]> {
  const found = await sharedLibraries(root, platform, executable);
  const libraries = await Promise.all(
    found
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(async ({ name, source }) => ({ name, content: await readFile(source) })),
  );
  const loader = await readFile(await packagedFile(root, platform.loader));
  return [{ name: basename(platform.loader), content: withoutForeignFiles(loader) }, ...libraries];
}

/** Sixteen hex digits that change when a library does. */
export function librariesDigest(libraries: readonly Library[]): string {
  const hash = createHash("sha256");
  for (const { name, content } of libraries) hash.update(`${name}\0${String(content.length)}\0`).update(content);
  return hash.digest("hex").slice(0, 16);
}

function withoutForeignFiles(loader: Buffer): Buffer {
  const changed = Buffer.from(loader);
  for (const path of FOREIGN_FILES) {
    const at = changed.indexOf(`\0${path}\0`);
    if (at === -1) throw new BuildError("SOURCE_MISSING", `Cannot change the loader: it does not name "${path}"`);
    changed.write(NOWHERE.padEnd(path.length, "x"), at + 1);
  }
  return changed;
}
