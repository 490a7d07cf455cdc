import { constants, existsSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import { RuncError } from "./errors.ts";

/** How often it is seen whether init is alive while it says nothing; it needs 0.1 ms on a quiet machine. */
const CHECK_MS = 50;

/**
 * Does what `runc start` does, without starting runc, which takes 10 to 20 ms: the init process of a created container
 * waits for somebody to open the FIFO `exec.fifo`, writes a byte into it, and becomes the user's program.
 *
 * @param stateFolder `<root>/<id>`.
 * @param pid of the init process.
 * @returns false when this is no container that waits so (not runc's, or started already): nothing has happened then.
 * @throws {RuncError} `FailedPrecondition` when init ended before; `signal`'s reason when it aborts, after which the
 * container may run or fail.
 */
export async function releaseInit(stateFolder: string, pid: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const path = join(stateFolder, "exec.fifo");
  if (!existsSync(join(stateFolder, "state.json"))) return false; // Another runtime, whose FIFO may mean another thing.
  const fd = openIfThere(path);
  if (fd === undefined) return false;
  await firstByte(new Socket({ fd, readable: true, writable: false }), pid, signal);
  unlinkSync(path); // From now on runc takes the container for a running one.
  return true;
}

async function firstByte(fifo: Socket, pid: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  function fail(): void {
    reject(signal.aborted ? signal.reason : new RuncError("FailedPrecondition", "container process is already dead"));
  }
  // Twice, since it may have written its byte and ended in between: the byte is read before the second look.
  let deadLooks = 0;
  const check = setInterval(() => {
    deadLooks = isAlive(pid) ? 0 : deadLooks + 1;
    if (deadLooks > 1) fail();
  }, CHECK_MS);
  signal.addEventListener("abort", fail, { once: true });
  fifo.once("data", () => {
    resolve();
  });
  fifo.once("end", fail);
  fifo.once("error", reject);
  try {
    await promise;
  } finally {
    clearInterval(check);
    signal.removeEventListener("abort", fail);
    fifo.destroy();
  }
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
  } catch {
    return false; // ENOENT, or ESRCH when it ended while being read.
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
