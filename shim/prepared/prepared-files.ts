import { rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "@noble/hashes/sha2.js"; // To load `node:crypto` takes 6 ms.

/** What was prepared of components, as files that only root writes. */
export interface PreparedFolder {
  readonly folder: string;
  /** All files together; the longest unused go first. */
  readonly maxBytes: number;
}

/** What decides what is prepared. */
export interface PreparedName {
  /** Of the component: `sha256:…`. */
  readonly digest: string;
  /** The executable that prepares and runs it. */
  readonly program: string;
  /** What all its memories together can grow to, if that is limited. */
  readonly maxMemoryPages: number | undefined;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const PROGRAM_CHARACTERS = 16;
/** For so long nothing that failed is tried again. */
const FAILED_MS = 60 * 60_000;

/**
 * Where it is kept, once there is something. The program counts by what the disk says of its file, for two builds may have
 * one version, and a new one may have come since this process began.
 */
export function preparedPath({ folder }: PreparedFolder, { digest, program, maxMemoryPages }: PreparedName): string {
  if (!DIGEST.test(digest)) throw new TypeError(`Cannot look up the component "${digest}": it is no digest`);
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(program, { bigint: true });
  const identity = Buffer.from(sha256(Buffer.from([dev, ino, size, mtimeNs, ctimeNs].join(" ")))).toString("hex");
  const limit = maxMemoryPages === undefined ? "" : `-${String(maxMemoryPages)}`;
  return join(folder, `${digest.replace(":", "-")}-${identity.slice(0, PROGRAM_CHARACTERS)}${limit}`);
}

/** Whether it is there. Then it stays for the next minutes, in which it may be mounted. */
export function usePrepared(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  const now = new Date();
  utimesSync(path, now, now);
  return true;
}

/** Whether preparing it has failed lately. */
export function hasFailed(path: string): boolean {
  const failed = statSync(markOf(path), { throwIfNoEntry: false });
  if (failed === undefined) return false;
  if (Date.now() - failed.mtimeMs < FAILED_MS) return true;
  rmSync(markOf(path), { force: true });
  return false;
}

export function markFailed(path: string): void {
  rmSync(markOf(path), { force: true });
  writeFileSync(markOf(path), "", { mode: 0o600 });
}

function markOf(path: string): string {
  return `${path}.failed`;
}
