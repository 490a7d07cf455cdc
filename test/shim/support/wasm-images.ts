import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tarStream } from "../../../scripts/tar-stream.ts";
import { writeWhole } from "../../../scripts/write-whole.ts";
import { runCommand } from "../../cluster/run-command.ts";
import { archiveEntries, artifactImage, fileImage } from "../../support/oci-image.ts";
import type { OciImage } from "../../support/oci-image.ts";
import type { TestContainerd } from "./test-containerd.ts";

/** Imports an ordinary image that has a component as its file and its program; returns its name. */
export async function importFileImage(
  containerd: TestContainerd,
  title: string,
  wasm: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  return importImage(containerd, title, await fileImage(wasm), signal);
}

/** Imports an artifact whose one layer is a component; returns its name. */
export async function importArtifact(
  containerd: TestContainerd,
  title: string,
  wasm: string,
  signal: AbortSignal,
): Promise<string> {
  return importImage(containerd, title, artifactImage(await readFile(wasm)), signal);
}

/** Imports any image; returns its name. */
export async function importImage(
  containerd: TestContainerd,
  title: string,
  image: OciImage,
  signal: AbortSignal,
): Promise<string> {
  const name = `localhost/${title}:1`;
  const file = join(containerd.folder, "images", `${name.replaceAll(/\W/g, "-")}.tar`);
  await writeWhole(file, tarStream(archiveEntries(image, name)), [], signal);
  const flags = ["--all-platforms", ...(containerd.version === "2.1" ? ["--local"] : [])];
  const argv = [...containerd.ctrArgv("k8s.io"), "image", "import", ...flags, file];
  await runCommand(argv, { timeoutMs: 60_000 }, signal);
  return name;
}
