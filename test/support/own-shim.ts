import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { sha256 } from "./artifact-server.ts";
import type { ArtifactServer } from "./artifact-server.ts";
import { isProvisioned, shimManifest, waitForShim } from "./deployment.ts";
import type { Artifact } from "./deployment.ts";
import type { Kubectl } from "./kubectl.ts";

const TOP = join(import.meta.dirname, "../..");
const BUILD_MS = 300_000;
const INSTALL_MS = 150_000;
const HEADER_BYTES = 512;

/** Name of the executable: what its Shim is called, behind `containerd-shim-`. */
export const OWN_SHIM = "spin-v2";

interface ShimStage {
  readonly kubectl: Kubectl;
  readonly server: ArtifactServer;
}

/** Builds our shim as releases do, for this machine's architecture, and serves the archive. */
export async function serveOwnShim(server: ArtifactServer, signal: AbortSignal): Promise<Artifact> {
  const [arch, machine] = process.arch === "arm64" ? (["arm64", "aarch64"] as const) : (["amd64", "x86_64"] as const);
  const options = { timeout: BUILD_MS, signal };
  await promisify(execFile)(join(TOP, "scripts/build"), ["shim", "--arch", arch], options);
  const name = `containerd-shim-${OWN_SHIM}-linux-${machine}.tar.gz`;
  const archive = await readFile(join(TOP, "dist/shim", name));
  const path = `/${name}`;
  server.serve(path, archive);
  return { url: server.url(path), path, sha256: sha256(archive), digest: digestOfOnly(archive) };
}

/** Puts our shim on every node and waits until it is proven there. */
export async function installOwnShim({ kubectl, server }: ShimStage, runtimeClass: string): Promise<void> {
  const { url, sha256: hash } = await serveOwnShim(server, AbortSignal.timeout(BUILD_MS));
  const shim = { name: OWN_SHIM, handler: "spin", runtimeClass, location: url, sha256: hash };
  await kubectl(["apply", "-f", "-"], JSON.stringify(shimManifest(shim)));
  await waitForShim(kubectl, OWN_SHIM, INSTALL_MS, isProvisioned);
}

/** SHA-256 of the one file in an archive. */
function digestOfOnly(archive: Buffer): string {
  const tar = gunzipSync(archive);
  const size = Number.parseInt(tar.toString("ascii", 124, 136), 8); // Of the ustar header.
  return createHash("sha256")
    .update(tar.subarray(HEADER_BYTES, HEADER_BYTES + size))
    .digest("hex");
}
