import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { sha256 } from "./artifact-server.ts";
import type { ArtifactServer } from "./artifact-server.ts";
import type { Artifact } from "./deployment.ts";

const TOP = join(import.meta.dirname, "../..");
const BUILD_MS = 300_000;
const HEADER_BYTES = 512;

/** Name of the executable: what its Shim is called, behind `containerd-shim-`. */
export const OWN_SHIM = "spin-v2";

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

/** SHA-256 of the one file in an archive. */
function digestOfOnly(archive: Buffer): string {
  const tar = gunzipSync(archive);
  const size = Number.parseInt(tar.toString("ascii", 124, 136), 8); // Of the ustar header.
  return createHash("sha256")
    .update(tar.subarray(HEADER_BYTES, HEADER_BYTES + size))
    .digest("hex");
}
