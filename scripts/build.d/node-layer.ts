/** The layer with Node, the same for both images. It takes some ten seconds to pack, so it is kept between builds. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Layer } from "../tar-layer.ts";
import { packLayer } from "../tar-layer.ts";
import type { TarEntry } from "../tar-stream.ts";
import { recipeHash } from "./cache-folder.ts";
import type { NodeRuntime } from "./node-runtime.ts";

const RECIPE = ["../tar-stream.ts", "../tar-layer.ts", "./strip-elf.ts", "./node-layer.ts"];

/** `/usr/bin/node` and its licence. */
export async function nodeLayer(runtime: NodeRuntime, cache: string, signal: AbortSignal): Promise<Layer> {
  const recipe = await recipeHash(RECIPE.map((module) => import.meta.resolve(module)));
  const zlib = process.versions.zlib; // Another zlib may pack other bytes.
  const file = join(cache, `layer-${runtime.name}-${recipe}-zlib-${zlib}.tar.gz`);
  const known = await readLayer(file);
  if (known !== undefined) return known;
  const layer = await packLayer(nodeEntries(runtime), file, signal);
  await writeFile(`${file}.json`, JSON.stringify(layer));
  return layer;
}

function nodeEntries({ executable, license }: NodeRuntime): TarEntry[] {
  return [
    { kind: "file", path: "usr/bin/node", source: executable, mode: 0o755 },
    { kind: "file", path: "usr/share/doc/node/LICENSE", source: license, mode: 0o644 },
  ];
}

/** A kept layer, if its file still has the digest that was written down. */
async function readLayer(file: string): Promise<Layer | undefined> {
  try {
    const layer = { ...(JSON.parse(await readFile(`${file}.json`, "utf8")) as Layer), file };
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    return layer.digest === `sha256:${hash.digest("hex")}` ? layer : undefined;
  } catch {
    return undefined; // Not there, or damaged: it is packed anew.
  }
}
