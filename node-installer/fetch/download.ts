import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FetchError, cannotFetch } from "./fetch-error.ts";
import { hashing } from "./hashing.ts";
import { connectionFailure } from "./http-failure.ts";
import { openLocation } from "./open-location.ts";
import type { FetchOrder } from "./request.ts";
import { retryDelay } from "./retry-delay.ts";

export interface Downloaded {
  /** sha256 of all bytes, hex. */
  readonly digest: string;
  /** Bytes that came, with those of attempts that failed. */
  readonly bytes: number;
  readonly attempts: number;
}

interface Source {
  readonly body: AsyncIterable<Buffer>;
  /** As announced. */
  readonly length: number | undefined;
}

interface Target {
  readonly file: string;
  /** Told of every piece. */
  readonly count: (bytes: number) => void;
}

/**
 * Writes what the location serves to a file, and tries again what may pass: 408, 429, 5xx, broken or slow connections.
 *
 * @param deadlineMs when `signal` aborts, as `performance.now()` counts: no attempt is waited for that would begin later.
 * @throws {FetchError}
 */
export async function download(
  order: FetchOrder,
  file: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Downloaded> {
  let bytes = 0;
  function count(more: number): void {
    bytes += more;
  }
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { digest: await attempt(order, { file, count }, signal), bytes, attempts };
    } catch (error) {
      if (signal.aborted || !(error instanceof FetchError)) throw error;
      const progress = { attempts, leftMs: deadlineMs - performance.now(), random: Math.random() };
      await setTimeout(retryDelay(error, order, progress), undefined, { signal });
    }
  }
}

async function attempt(order: FetchOrder, target: Target, signal: AbortSignal): Promise<string> {
  if (order.url.protocol === "file:") return save(await openFile(order), order, target, signal);
  await using location = await openLocation(order, signal);
  const source = { body: received(location.body, order.shown, signal), length: location.length };
  return await save(source, order, target, signal);
}

/** The body's pieces; what breaks it is known as the connection's error, not the file system's. */
async function* received(body: AsyncIterable<Buffer>, shown: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw signal.aborted ? error : connectionFailure(shown, error);
  }
}

async function openFile({ url, shown }: FetchOrder): Promise<Source> {
  const path = fileURLToPath(url);
  const found = await stat(path).catch((cause: unknown) => {
    throw cannotFetch("ArtifactNotFound", shown, "the file cannot be read: check its path", { cause });
  });
  if (!found.isFile()) throw cannotFetch("ArtifactNotFound", shown, "it is not a regular file");
  return { body: createReadStream(path), length: found.size };
}

async function save(source: Source, order: FetchOrder, target: Target, signal: AbortSignal): Promise<string> {
  const { maxArchiveBytes } = order.limits;
  const hash = createHash("sha256");
  let bytes = 0;
  function count(more: number): void {
    target.count(more);
    bytes += more;
    checkSize(bytes);
  }
  function checkSize(size: number): void {
    if (size <= maxArchiveBytes) return;
    const theCase = `it has more than the ${String(maxArchiveBytes)} bytes that are allowed`;
    throw cannotFetch("ArtifactTooLarge", order.shown, theCase);
  }
  checkSize(source.length ?? 0);
  await pipeline(
    source.body,
    (pieces: AsyncIterable<Buffer>) => hashing(pieces, hash, count),
    createWriteStream(target.file),
    { signal },
  );
  if (source.length !== undefined && source.length !== bytes) {
    const theCase = `${String(bytes)} bytes came of the ${String(source.length)} that were announced`;
    throw cannotFetch("ArtifactUnavailable", order.shown, theCase, { retryAfterMs: 0 });
  }
  return hash.digest("hex");
}
