import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { retryDownloads } from "../cluster/retry-downloads.ts";
import { cacheFolder } from "./guest-cache.ts";

const GO_MS = 300_000;

async function go(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("go", args, { cwd: cacheFolder("go"), timeout: GO_MS });
  return stdout.trim();
}

/** The folder with the source of a Go module. */
export async function goModule(path: string, version: string): Promise<string> {
  const downloaded = await retryDownloads(async () => go("mod", "download", "-json", `${path}@${version}`));
  return (JSON.parse(downloaded) as { readonly Dir: string }).Dir;
}

/** What Go says of itself: `GOROOT`, `GOVERSION`. */
export async function goEnv(name: string): Promise<string> {
  return go("env", name);
}
