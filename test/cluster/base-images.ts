import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** In every node from the start. */
export const PAUSE_IMAGE = "localhost/pause:1";
export const BUSYBOX_IMAGE = "localhost/busybox:1";

const TAR_TIMEOUT_MS = 60_000;
const FIXED = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];

/**
 * Packs the machine's static busybox twice, as `docker save` would: as a pause image and as one with all its commands.
 *
 * @returns the archives.
 */
export async function packBaseImages(folder: string, signal: AbortSignal): Promise<string[]> {
  const root = join(folder, "root");
  await rm(root, { recursive: true, force: true });
  await Promise.all(["bin", "etc", "tmp", "www"].map(async (name) => mkdir(join(root, name), { recursive: true })));
  await copyFile("/usr/bin/busybox", join(root, "bin/busybox"));
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n");
  const applets = (await runCommand(["busybox", "--list"], { timeoutMs: TAR_TIMEOUT_MS }, signal)).trim().split("\n");
  for (const name of applets) if (name !== "busybox") await symlink("busybox", join(root, "bin", name));
  await runCommand(
    ["tar", ...FIXED, "-C", root, "-cf", join(folder, "layer.tar"), "."],
    { timeoutMs: TAR_TIMEOUT_MS },
    signal,
  );
  const loop = "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done";
  const images = [
    { name: PAUSE_IMAGE, config: { Entrypoint: ["/bin/sh", "-c", loop], Env: ["PATH=/bin"] } },
    { name: BUSYBOX_IMAGE, config: { Cmd: ["sh"], Env: ["PATH=/bin"] } },
  ];
  return Promise.all(
    images.map(async ({ name, config }, at) => packOne(folder, `image${String(at)}`, { name, config }, signal)),
  );
}

interface DockerImage {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** @see {@link https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format} */
async function packOne(
  folder: string,
  id: string,
  { name, config }: DockerImage,
  signal: AbortSignal,
): Promise<string> {
  const layer = createHash("sha256")
    .update(await readFile(join(folder, "layer.tar")))
    .digest("hex");
  const image = {
    created: new Date(0).toISOString(),
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  };
  const parts = join(folder, id);
  await mkdir(parts, { recursive: true });
  await writeFile(join(parts, "config.json"), JSON.stringify(image));
  const manifest = [{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }];
  await writeFile(join(parts, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, `${id}.tar`);
  const members = ["-C", parts, "config.json", "manifest.json", "-C", folder, "layer.tar"];
  await runCommand(["tar", ...FIXED, "-cf", archive, ...members], { timeoutMs: TAR_TIMEOUT_MS }, signal);
  return archive;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
