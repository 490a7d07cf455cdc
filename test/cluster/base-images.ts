import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** Both are in every node from the start. */
const PAUSE_IMAGE = "localhost/pause:1";
export const BUSYBOX_IMAGE = "localhost/busybox:1";

const OPTIONS = { timeoutMs: 60_000 };
const FIXED = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Packs the machine's static busybox twice into `folder`, as `docker save` would: as pause image and with all its commands. */
export async function packBaseImages(folder: string, signal: AbortSignal): Promise<void> {
  const parts = join(folder, "parts");
  const root = join(parts, "root");
  await makeRoot(root, signal);
  await runCommand(["tar", ...FIXED, "-C", root, "-cf", join(parts, "layer.tar"), "."], OPTIONS, signal);
  const loop = "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done";
  const pause = { Entrypoint: ["/bin/sh", "-c", loop], Env: ["PATH=/bin"] };
  await packOne(parts, join(folder, "pause.tar"), { name: PAUSE_IMAGE, config: pause }, signal);
  const busybox = { Cmd: ["sh"], Env: ["PATH=/bin"] };
  await packOne(parts, join(folder, "busybox.tar"), { name: BUSYBOX_IMAGE, config: busybox }, signal);
  await rm(parts, { recursive: true });
}

async function makeRoot(root: string, signal: AbortSignal): Promise<void> {
  await Promise.all(["bin", "etc", "tmp", "www"].map(async (name) => mkdir(join(root, name), { recursive: true })));
  await copyFile("/usr/bin/busybox", join(root, "bin/busybox"));
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n");
  const applets = (await runCommand(["busybox", "--list"], OPTIONS, signal)).trim().split("\n");
  for (const name of applets) if (name !== "busybox") await symlink("busybox", join(root, "bin", name));
}

interface DockerImage {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** @see {@link https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format} */
async function packOne(parts: string, archive: string, image: DockerImage, signal: AbortSignal): Promise<void> {
  const layer = await readFile(join(parts, "layer.tar"));
  const config = {
    created: new Date(0).toISOString(),
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config: image.config,
    rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [image.name], Layers: ["layer.tar"] }];
  await writeFile(join(parts, "config.json"), JSON.stringify(config));
  await writeFile(join(parts, "manifest.json"), JSON.stringify(manifest));
  const members = ["config.json", "manifest.json", "layer.tar"];
  await runCommand(["tar", ...FIXED, "-C", parts, "-cf", archive, ...members], OPTIONS, signal);
}
