import { readFile } from "node:fs/promises";
import { ARTIFACT_FILE } from "@rcm/lib/install-job";
import type { InstallReport, InstallRequest } from "@rcm/lib/install-job";
import type { Log } from "@rcm/lib/log";
import { InstallError } from "./errors.ts";
import { fetchShim } from "./fetch/fetch.ts";
import { isNotFound } from "./host/atomic-file.ts";
import { fileName } from "./host/store.ts";
import { storedDigest } from "./job.ts";
import { failureReport } from "./report.ts";
import { retryLimits } from "./retry-env.ts";

/** Where the Job mounts certificates that the download trusts besides the public ones. */
export const CA_FILE = "/etc/rcm/ca/ca.crt";

export interface FetchJob {
  readonly request: InstallRequest;
  readonly artifactDir: string;
  readonly caFile: string;
  /** Variables for proxies, and for how often the download is tried. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** The Job's `fetch` container: downloads unless `preflight` found the executable in the node's store. */
export async function runFetchStage(job: FetchJob, signal: AbortSignal): Promise<InstallReport> {
  const from = performance.now();
  const base = { operation: "fetch", hash: job.request.hash } as const;
  try {
    const result = await fetchUnlessStored(job, signal);
    const durationMs = Math.round(performance.now() - from);
    return { schema: 1, ...base, ok: true, restarts: 0, rolledBack: false, durationMs, ...result };
  } catch (error) {
    job.log.error("Fetch failed", { error });
    return failureReport({ ...base, durationMs: Math.round(performance.now() - from) }, error);
  }
}

type Fetched = Pick<InstallReport, "message" | "digest" | "downloadedBytes">;

async function fetchUnlessStored(job: FetchJob, signal: AbortSignal): Promise<Fetched> {
  const { request, artifactDir, log } = job;
  const stored = await storedDigest(artifactDir);
  if (stored !== undefined) return { message: "The node has the executable", digest: stored, downloadedBytes: 0 };
  if (request.artifact === undefined) throw new InstallError("RequestInvalid", "The order names no artifact to fetch");
  const fetched = await fetchShim(
    {
      location: request.artifact.location,
      sha256: request.artifact.sha256,
      binaryName: fileName(request.shim),
      fileName: ARTIFACT_FILE,
      architecture: request.node.architecture,
      destination: artifactDir,
      proxyEnv: job.env,
      limits: retryLimits(job.env),
      caBundle: await readBundle(job.caFile),
    },
    signal,
  );
  log.info("Artifact fetched", { ...fetched });
  const { digest, downloadedBytes, verified } = fetched;
  return {
    message: verified ? "Fetched and verified" : "Fetched; the Shim gives no sha256 to verify",
    digest,
    downloadedBytes,
  };
}

async function readBundle(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
