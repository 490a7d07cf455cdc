/** `scripts/build`: see HELP in options.ts. */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { shutdownSignal } from "../../lib/shutdown.ts";
import { BuildError } from "../build-error.ts";
import type { PackedImage } from "../oci-image.ts";
import { buildCli } from "./build-cli.ts";
import { buildImages } from "./build-images.ts";
import type { BuiltShim } from "./build-shim.ts";
import { buildShim } from "./build-shim.ts";
import { HELP, parseOptions } from "./options.ts";

const DEADLINE_MS = 30 * 60_000;
const ROOT = dirname(dirname(import.meta.dirname));

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), ROOT, await versionOf("manager"));
  if (options.help) {
    console.log(HELP);
    return;
  }
  const cache = join(process.env["RCM_CACHE"] ?? "/var/cache/rcm", "images");
  await mkdir(cache, { recursive: true });
  const nodeVersion = await versionOf("node_modules/node");
  const place = { root: ROOT, cache, nodeVersion, progress: printWithSeconds };
  const signal = AbortSignal.any([shutdownSignal(process), AbortSignal.timeout(DEADLINE_MS)]);
  if (options.parts.includes("images")) {
    for (const image of await buildImages(options, place, signal)) printImage(image);
  }
  if (options.parts.includes("shim")) {
    for (const shim of await buildShim(options, place, signal)) printArchive(shim);
  }
  if (options.parts.includes("cli")) {
    const version = await versionOf("cli");
    for (const cli of await buildCli(options, { ...place, version }, signal)) printArchive(cli);
  }
}

async function versionOf(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

function printWithSeconds(line: string): void {
  console.error(`${process.uptime().toFixed(1).padStart(6)} s  ${line}`);
}

function printImage({ file, name, digest, size }: PackedImage): void {
  console.log([relative(process.cwd(), file), name, digest, `${(size / 1e6).toFixed(1)} MB`].join("  "));
}

function printArchive({ file, sha256, size, binarySize }: Omit<BuiltShim, "architecture">): void {
  const sizes = `${(size / 1e6).toFixed(1)} MB (executable: ${(binarySize / 1e6).toFixed(1)} MB)`;
  console.log([relative(process.cwd(), file), `sha256:${sha256}`, sizes].join("  "));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof BuildError ? error.message : messageOf(error)); // Ours say the cause.
  process.exitCode = 1;
}
