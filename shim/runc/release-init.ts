import { closeSync, constants, existsSync, openSync, readFileSync, readSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTick, setTimeout as delay } from "node:timers/promises";
import { RuncError } from "./errors.ts";

/** How often init is looked at in the next tick; it needs 0.1 ms. Then every `POLL_MS`. */
const QUICK_LOOKS = 50;
const POLL_MS = 1;

/** After so many looks it is seen whether init is alive at all, each time. */
const LOOKS_BEFORE_DOUBT = 70;

/**
 * Does what `runc start` does, without the 20 ms that starting runc takes: the init process of a created container
 * waits for somebody to open the FIFO `exec.fifo`, writes a byte into it, and becomes the user's program.
 *
 * @param stateFolder `<root>/<id>`.
 * @param pid of the init process.
 * @returns false when this is no container that waits so (not runc's, or started already): nothing has happened then.
 * @throws {RuncError} `FailedPrecondition` when init ended before; `signal`'s reason when it aborts.
 */
export async function releaseInit(stateFolder: string, pid: number, signal: AbortSignal): Promise<boolean> {
  const path = join(stateFolder, "exec.fifo");
  if (!existsSync(join(stateFolder, "state.json"))) return false; // Another runtime, whose FIFO may mean another thing.
  const fifo = openIfThere(path);
  if (fifo === undefined) return false;
  try {
    await awaitByte(fifo, pid, signal);
    unlinkSync(path); // From now on runc takes the container for a running one.
    return true;
  } finally {
    closeSync(fifo);
  }
}

async function awaitByte(fifo: number, pid: number, signal: AbortSignal): Promise<void> {
  for (let looks = 0; !hasByte(fifo); looks += 1) {
    signal.throwIfAborted();
    // It may have written its byte and ended in between.
    if (looks > LOOKS_BEFORE_DOUBT && !isAlive(pid) && !hasByte(fifo)) {
      throw new RuncError("FailedPrecondition", "container process is already dead");
    }
    await (looks < QUICK_LOOKS ? nextTick() : delay(POLL_MS));
  }
}

function hasByte(fifo: number): boolean {
  try {
    return readSync(fifo, Buffer.alloc(1)) === 1;
  } catch (error) {
    if (isCode(error, "EAGAIN")) return false; // Opened, not yet written.
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ESRCH")) return false;
    throw error;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
