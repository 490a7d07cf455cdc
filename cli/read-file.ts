import { open } from "node:fs/promises";
import { messageOf } from "@rcm/lib/errors";
import { CliError } from "./errors.ts";

/** No Secret and no manifest of Spin is larger. */
const MAX_BYTES = 1024 * 1024;

/**
 * The whole content of a file of at most 1 MiB.
 *
 * @param what names it in messages: `the runtime configuration`.
 * @throws {CliError} `INPUT`, with the error of the system as its cause.
 */
export async function readInput(what: string, path: string): Promise<Buffer> {
  const content = await readAtMost(path, MAX_BYTES + 1).catch((cause: unknown) => {
    throw new CliError("INPUT", `Cannot read ${what} "${path}": ${messageOf(cause)}`, { cause });
  });
  if (content.length <= MAX_BYTES) return content;
  throw new CliError("INPUT", `Cannot use ${what} "${path}": it is larger than 1 MiB`);
}

/** Pipes have no size, so that it reads until there is no more. */
async function readAtMost(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const room = Buffer.alloc(maxBytes);
    let length = 0;
    for (let count = 1; count > 0 && length < maxBytes; length += count) {
      count = (await handle.read(room, length, maxBytes - length)).bytesRead;
    }
    return room.subarray(0, length);
  } finally {
    await handle.close();
  }
}
