import { closeSync, constants, openSync, readSync } from "node:fs";
import { hasCode, messageOf } from "@rcm/lib/errors";
import type { Flags } from "../flags.ts";
import { Any } from "../proto/any.ts";
import { BootstrapParams } from "../proto/bootstrap.ts";
import { TtrpcError } from "../ttrpc/status.ts";

/** More on standard input is refused: containerd sends some hundred bytes. */
const MAX_BYTES = 1024 * 1024;

/** How long to wait for the end of standard input, in milliseconds: a person may have left it open. */
const END_MS = 2000;
const POLL_MS = 1;

/** The runtime options that containerd wrote to standard input, if any. */
export function readOptions(flags: Flags): Any | undefined {
  return optionsIn(readInput(), flags);
}

/**
 * Up to containerd 2.2 these are the options, from 2.3 on they are among the bootstrap parameters: which one it is
 * can only be told by the parameters that the command line has too.
 *
 * @throws {TtrpcError} `INVALID_ARGUMENT` if it is neither.
 */
export function optionsIn(input: Uint8Array, { id, namespace }: Pick<Flags, "id" | "namespace">): Any | undefined {
  if (input.length === 0) return undefined;
  const parameters = decodeParameters(input);
  if (parameters?.instanceId === id && parameters.namespace === namespace) {
    return parameters.extensions.map(({ value }) => value).find((value) => /options/iu.test(value?.typeUrl ?? ""));
  }
  try {
    return Any.decode(input);
  } catch (cause) {
    const message = `Cannot read the ${input.length} bytes on standard input as runtime options: ${messageOf(cause)}`;
    throw new TtrpcError("INVALID_ARGUMENT", message, { cause });
  }
}

function decodeParameters(input: Uint8Array): BootstrapParams | undefined {
  try {
    return BootstrapParams.decode(input);
  } catch {
    return undefined;
  }
}

/** Standard input up to its end, but never for long. Nothing if it is no pipe. */
function readInput(): Uint8Array {
  let fd: number;
  try {
    fd = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return new Uint8Array(); // Closed, or a socket.
  }
  try {
    return readToEnd(fd);
  } finally {
    closeSync(fd);
  }
}

function readToEnd(fd: number): Uint8Array {
  const buffer = Buffer.alloc(64 * 1024);
  const pieces: Buffer[] = [];
  const until = now() + END_MS;
  for (let total = 0; total <= MAX_BYTES && now() < until;) {
    const count = readNow(fd, buffer);
    if (count === 0) break;
    if (count === undefined) {
      pause(POLL_MS);
      continue;
    }
    pieces.push(Buffer.from(buffer.subarray(0, count)));
    total += count;
  }
  return Buffer.concat(pieces);
}

/** @returns undefined if there is nothing yet. */
function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (hasCode(error, "EAGAIN")) return undefined;
    throw error;
  }
}

/** Milliseconds. (`performance` takes 1 ms to load.) */
function now(): number {
  return process.uptime() * 1000;
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
