import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { copyFile, link, open } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import type { Descriptor } from "./layer-cache.ts";
import type { SpinArtifact } from "./parse-manifest.ts";
import { parseSpinAssets, type SpinAssets } from "./spin-assets.ts";

/** For everybody to read, for nobody to write. */
const FILE_MODE = 0o444;
const FOLDER_MODE = 0o755;

/**
 * Lays out an application in a new folder, for components and the executor to read:
 *
 * - `spin.json`: the locked application as it was pushed;
 * - `content/<sha256>`: the layers of components and files;
 * - `archives/<sha256>`: the layers that are gzipped tar archives;
 * - `assets/<component id>/…`: what that component sees at `/`, if it has files and none of them is in an archive.
 *
 * All are other names of the layers' files, besides what the locked application has in itself. One component can be in a
 * thousand applications and take the room of one.
 *
 * @param layerFile the file of a layer, with what its digest says, on the same disk.
 */
export async function writeSpinApp(
  folder: string,
  { app, content, archives }: SpinArtifact,
  layerFile: (layer: Descriptor) => Promise<string>,
): Promise<void> {
  const folders = [folder, ...["content", "archives", "assets"].map((name) => join(folder, name))];
  for (const path of folders) makeFolder(path);
  const appFile = join(folder, "spin.json");
  await nameAlso(await layerFile(app), appFile);
  for (const layer of content) await nameAlso(await layerFile(layer), contentFile(folder, layer));
  for (const layer of archives) await nameAlso(await layerFile(layer), join(folder, "archives", hexOf(layer.digest)));
  const known = { digests: new Set(content.map(({ digest }) => digest)), hasArchives: archives.length > 0 };
  const assets = parseSpinAssets(readFileSync(appFile, "utf8"), known);
  await writeAssets(folder, assets);
  // The inner ones first: what a folder names is on the disk before the folder's own name is.
  for (const path of [...folders, ...assets.folders.map((name) => join(folder, "assets", name))].toReversed()) {
    await flush(path);
  }
}

/** Where a component or file is in the folder of an application. */
export function contentFile(folder: string, { digest }: { readonly digest: string }): string {
  return join(folder, "content", hexOf(digest));
}

async function writeAssets(folder: string, { folders, files }: SpinAssets): Promise<void> {
  for (const name of folders) makeFolder(join(folder, "assets", name));
  for (const { path, content } of files) {
    const place = join(folder, "assets", path);
    if (content.kind === "layer") await nameAlso(contentFile(folder, content), place);
    else await writeFlushed(place, content.bytes);
  }
}

/** A file can have so many names (65,000 on ext4) and no more: others may have used them up. */
async function nameAlso(file: string, name: string): Promise<void> {
  try {
    await link(file, name);
  } catch (error) {
    if (!hasCode(error, "EMLINK")) throw error;
    await copyFile(file, name);
    await using copy = await open(name);
    await copy.sync();
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx", FILE_MODE);
  await file.writeFile(bytes);
  await file.chmod(FILE_MODE); // Whatever the umask is.
  await file.sync();
}

function makeFolder(path: string): void {
  mkdirSync(path);
  chmodSync(path, FOLDER_MODE);
}

async function flush(folder: string): Promise<void> {
  await using opened = await open(folder);
  await opened.sync();
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}
