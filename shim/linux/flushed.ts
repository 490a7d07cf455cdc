import type { Writable } from "node:stream";
import { waitAtMost } from "@rcm/lib/wait-at-most";

/** Whoever reads what a program wrote gets it within this time, or not at all, in milliseconds. */
const FLUSH_MS = 1000;

/** Waits a moment until what was written is out: a pipe that nobody reads just now takes 64 KiB only. */
export async function flushed(...streams: readonly Writable[]): Promise<void> {
  const full = streams.filter((stream) => stream.writableLength > 0);
  if (full.length === 0) return;
  await waitAtMost(FLUSH_MS, Promise.all(full.map(written)), new AbortController().signal);
}

async function written(stream: Writable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.write("", () => {
    resolve(); // Or cannot be: there is nobody to tell.
  });
  return promise;
}
