import { writeSync } from "node:fs";
import { Writable } from "node:stream";
import { hasCode } from "@rcm/lib/errors";
import { setNonBlock } from "../linux/descriptor.ts";

/** A terminal that has no room is asked again so soon, in milliseconds; nothing ticks otherwise. */
const RETRY_MS = 20;

/**
 * What is typed into the terminal of `master`. Its program may not read for a while, and the kernel keeps some 12 KB of what a user
 * pastes: Node's own stream would then write on, and so stop this process, for libuv cannot do without waiting here.
 *
 * @param isGone - whether there is nobody left to write to.
 */
export function terminalInput(master: number, isGone: () => boolean): Writable {
  setNonBlock(master);
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      writeWhole(chunk, done);
    },
  });

  function writeWhole(chunk: Buffer, done: () => void): void {
    for (let at = 0; at < chunk.length && !isGone();) {
      const written = writeSome(master, chunk.subarray(at));
      if (written === undefined) break; // No process has the terminal any more.
      at += written;
      if (written > 0) continue;
      setTimeout(writeWhole, RETRY_MS, chunk.subarray(at), done);
      return;
    }
    done();
  }
}

/** @returns how many bytes there was room for; `undefined` if there is no one who reads. */
function writeSome(fd: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return hasCode(error, "EAGAIN") ? 0 : undefined;
  }
}
