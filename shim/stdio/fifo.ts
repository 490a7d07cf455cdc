import { chownSync, closeSync, constants, openSync, statSync } from "node:fs";
import { StdioError } from "./errors.ts";
import type { StreamName } from "./target.ts";

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK, O_APPEND, O_NOCTTY } = constants;

/** Who shall own a FIFO. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The ends of a FIFO for output. */
export interface OutputEnds {
  /** For the process: blocks when the FIFO is full. */
  readonly writeEnd: number;
  /** Kept open by the shim: while nobody reads, the process would otherwise get SIGPIPE and lose bytes. None for a file. */
  readonly hold: number | undefined;
}

/** The ends of a FIFO for input. */
export interface InputEnds {
  /** For the process: blocks while the FIFO is empty. */
  readonly readEnd: number;
  /** Kept open by the shim: while no client is connected, the process would otherwise see the end of its input. None for a file. */
  readonly hold: number | undefined;
}

/** Opens a FIFO, or appends to another kind of file that exists. Never waits for the other side. */
export function openOutput(stream: StreamName, path: string, owner: Owner | undefined): OutputEnds {
  if (!isFifo(stream, path)) return { writeEnd: openFor(stream, path, O_WRONLY | O_APPEND), hold: undefined };
  own(path, owner);
  const hold = openFor(stream, path, O_RDWR | O_NONBLOCK);
  return { writeEnd: openAgain(stream, hold, { flags: O_WRONLY, closeOnError: hold }), hold };
}

/** Opens a FIFO, or reads another kind of file that exists. Never waits for the other side. */
export function openInput(stream: StreamName, path: string, owner: Owner | undefined): InputEnds {
  if (!isFifo(stream, path)) return { readEnd: openFor(stream, path, O_RDONLY), hold: undefined };
  own(path, owner);
  const both = openFor(stream, path, O_RDWR | O_NONBLOCK); // With both ends there, opening one of them does not wait.
  try {
    const readEnd = openFor(stream, linkTo(both), O_RDONLY);
    // Not the one that can read: the client shall learn when the process reads no more.
    return { readEnd, hold: openAgain(stream, both, { flags: O_WRONLY | O_NONBLOCK, closeOnError: readEnd }) };
  } finally {
    closeSync(both);
  }
}

/** Opens what `fd` is open on once more, whatever its path may lead to by now. */
function openAgain(
  stream: StreamName,
  fd: number,
  { flags, closeOnError }: { readonly flags: number; readonly closeOnError: number },
): number {
  try {
    return openFor(stream, linkTo(fd), flags);
  } catch (error) {
    closeSync(closeOnError);
    throw error;
  }
}

function linkTo(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function isFifo(stream: StreamName, path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new StdioError("NotFound", `Cannot open ${stream} "${path}": no such file`);
  if (stat.isDirectory() || stat.isSocket()) {
    throw new StdioError("InvalidArgument", `Cannot open ${stream} "${path}": it must be a named pipe or a file`);
  }
  return stat.isFIFO();
}

function own(path: string, owner: Owner | undefined): void {
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}

function openFor(stream: StreamName, path: string, flags: number): number {
  try {
    return openSync(path, flags | O_NOCTTY);
  } catch (error) {
    throw new StdioError("Unknown", `Cannot open ${stream} "${path}"`, { cause: error });
  }
}
