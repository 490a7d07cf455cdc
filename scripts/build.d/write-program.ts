/**
 * Writes a program's bundle and licences into a folder, for deploy/images/*.Containerfile:
 *
 *     node scripts/build.d/write-program.ts manager FOLDER
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { BuildError } from "../build-error.ts";
import { bundleInParts } from "./bundle.ts";
import { programFiles } from "./program-files.ts";
import { IMAGE_NAMES, PROGRAMS } from "./programs.ts";

async function main([wanted = "", folder = ""]: readonly string[]): Promise<void> {
  const image = IMAGE_NAMES.find((name) => name === wanted);
  if (image === undefined || folder === "") {
    throw new BuildError(
      "USAGE",
      `Cannot write the program "${wanted}": give one of ${IMAGE_NAMES.join(", ")} and a folder`,
    );
  }
  const bundle = await bundleInParts(dirname(dirname(import.meta.dirname)), PROGRAMS[image].entry, image);
  for (const { path, content } of programFiles(bundle)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
