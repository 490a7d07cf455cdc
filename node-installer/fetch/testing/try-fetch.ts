import type { Buffer } from "node:buffer";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FetchResult, fetchShim } from "../fetch.ts";
import type { FetchRequest } from "../request.ts";

export interface Tried {
  /** Of the error; `undefined` if it succeeded. */
  readonly code: unknown;
  readonly message: string;
  readonly error: unknown;
  readonly result: FetchResult | undefined;
  /** Names in the destination afterwards. */
  readonly files: readonly string[];
  /** Of the executable. */
  readonly content: Buffer | undefined;
  readonly mode: number | undefined;
}

export const BINARY_NAME = "containerd-shim-spin-v2";

/** Fetches into a folder of its own, with short delays, and looks at what came of it. */
export async function tryFetch(
  request: Partial<FetchRequest> & Pick<FetchRequest, "location">,
  signal: AbortSignal = new AbortController().signal,
): Promise<Tried> {
  const destination = await mkdtemp(join(tmpdir(), "fetch-"));
  const limits = { attempts: 3, retryDelayMs: 1, totalTimeoutMs: 20_000, ...request.limits };
  const defaults = { binaryName: BINARY_NAME, architecture: "amd64", destination };
  try {
    const result = await fetchShim({ ...defaults, ...request, limits }, signal);
    const { mode } = await stat(result.path);
    const content = await readFile(result.path);
    return { code: undefined, message: "", error: undefined, result, files: await readdir(destination), content, mode };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const code = error instanceof Error && "code" in error ? error.code : "no code";
    return {
      code,
      message,
      error,
      result: undefined,
      files: await readdir(destination),
      content: undefined,
      mode: undefined,
    };
  } finally {
    await rm(destination, { recursive: true, force: true });
  }
}
