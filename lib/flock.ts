import { dlopen } from "node:ffi";
import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** @see https://man7.org/linux/man-pages/man2/flock.2.html */
const LOCK_EX = 2;
const LOCK_NB = 4;

const POLL_MS = 100;

export interface Lock {
  release(): Promise<void>;
}

/**
 * An exclusive flock(2) on a file that exists; undefined if another process held it for `timeoutMs` milliseconds. The
 * kernel gives it back when this process ends, however it ends.
 *
 * @throws the file system's error when the file cannot be opened; `signal`'s reason when it aborts.
 */
export async function lockFile(path: string, timeoutMs: number, signal: AbortSignal): Promise<Lock | undefined> {
  const { functions } = dlopen("libc.so.6", { flock: { arguments: ["i32", "i32"], return: "i32" } });
  const file = await open(path, "r");
  try {
    for (const end = performance.now() + timeoutMs; functions.flock(file.fd, LOCK_EX | LOCK_NB) !== 0;) {
      if (performance.now() > end) {
        await file.close();
        return undefined;
      }
      await delay(POLL_MS, undefined, { signal });
    }
    return { release: async () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}
