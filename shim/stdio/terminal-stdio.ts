import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ReadStream } from "node:tty";
import { nodeTty } from "@rcm/lib/late-modules";
import { readableBytes } from "../linux/descriptor.ts";
import { setWindowSize } from "../linux/terminal.ts";
import type { ConsoleSocket } from "./console-socket.ts";
import { awaitDrained } from "./drain.ts";
import type { FdSet } from "./fd-set.ts";
import type { Logger } from "./logger.ts";
import type { Stdio } from "./stdio.ts";
import { terminalInput } from "./terminal-input.ts";

/** After a process has ended: how often to look whether its output has been copied. The kernel hands it on a little later. */
const LOOK_MS = 15;
const QUIET_LOOKS = 4;
/** A second. */
const KEPT_UP_LOOKS = 66;

/** Node reads and writes pipes and files in different ways. */
interface Descriptor {
  readonly fd: number;
  readonly kind: "pipe" | "file";
}

export interface TerminalParts {
  /** All that is open, also what the fields below name. */
  readonly open: FdSet;
  /** What runc itself gets: nothing. */
  readonly nothing: number;
  readonly socket: ConsoleSocket;
  readonly stdin: Descriptor | undefined;
  readonly stdinHold: number | undefined;
  readonly output: Descriptor;
  readonly outputHold: number | undefined;
  readonly logger: Logger | undefined;
}

/**
 * With a terminal: what its master says is copied to stdout and what comes from stdin is copied to it, no faster than
 * the other side takes it.
 */
export class TerminalStdio implements Stdio {
  readonly fds: readonly [number, number, number];
  readonly consoleSocket: string;
  readonly #parts: TerminalParts;
  #copy: Copy | undefined;
  #size: readonly [number, number] | undefined;

  constructor(parts: TerminalParts) {
    const { nothing, socket } = parts;
    this.#parts = parts;
    this.fds = [nothing, nothing, nothing];
    this.consoleSocket = socket.path;
  }

  handedOver(): void {
    const { open, nothing, socket, stdin, output, logger } = this.#parts;
    open.close(nothing);
    if (logger !== undefined) open.close(logger.stderr); // A terminal has one output.
    try {
      this.#copy = startCopy(socket.receive(), stdin, output);
      open.take(output.fd);
      if (stdin !== undefined) open.take(stdin.fd);
    } finally {
      socket.close();
    }
    if (this.#size !== undefined) this.resize(...this.#size);
  }

  closeStdin(): void {
    const { open, stdinHold } = this.#parts;
    if (stdinHold !== undefined) open.close(stdinHold);
  }

  resize(width: number, height: number): void {
    this.#size = [width, height];
    if (this.#copy !== undefined && !this.#copy.master.destroyed) setWindowSize(this.#copy.masterFd, width, height);
  }

  async finish(signal: AbortSignal): Promise<void> {
    const { open, socket, outputHold, logger } = this.#parts;
    socket.close();
    this.closeStdin();
    this.#copy?.stdin?.destroy();
    if (this.#copy !== undefined) await finishCopy(this.#copy, signal);
    if (outputHold !== undefined) await awaitDrained(outputHold, signal);
    open.closeAll();
    await logger?.finish(signal);
  }

  close(): void {
    const { open, socket, logger } = this.#parts;
    if (this.#copy !== undefined) stopCopy(this.#copy);
    socket.close();
    open.closeAll();
    logger?.stop();
  }
}

interface Copy {
  readonly master: ReadStream;
  readonly masterFd: number;
  readonly stdin: Readable | undefined;
  readonly output: Writable;
  /** Settles when no process has the terminal any more. */
  readonly isOver: Promise<void>;
}

/** The streams own their fds from now on. */
function startCopy(masterFd: number, stdin: Descriptor | undefined, output: Descriptor): Copy {
  const master = new (nodeTty().ReadStream)(masterFd);
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  master.on("error", () => undefined); // EIO: no process has the terminal any more.
  master.once("close", resolve);
  const sink = openSink(output);
  sink.on("error", () => master.resume()); // A full disk, a logger that died: the process must not wait for it.
  master.pipe(sink, { end: false });
  const source = stdin === undefined ? undefined : openSource(stdin);
  source?.on("error", () => undefined);
  source?.pipe(terminalInput(masterFd, () => master.destroyed));
  return { master, masterFd, stdin: source, output: sink, isOver };
}

function openSink({ fd, kind }: Descriptor): Writable {
  return kind === "pipe" ? new Socket({ fd, readable: false, writable: true }) : createWriteStream("", { fd });
}

function openSource({ fd, kind }: Descriptor): Readable {
  return kind === "pipe" ? new Socket({ fd, readable: true, writable: false }) : createReadStream("", { fd });
}

async function finishCopy(copy: Copy, signal: AbortSignal): Promise<void> {
  const aborted = signal.aborted ? Promise.resolve() : once(signal, "abort");
  const ended = new AbortController();
  await Promise.race([copy.isOver, aborted, untilQuiet(copy, ended.signal)]);
  ended.abort();
  if (!copy.output.destroyed) {
    copy.output.end();
    await Promise.race([once(copy.output, "close").catch(() => undefined), aborted]);
  }
  stopCopy(copy);
}

/**
 * Waits until all that the process wrote has been copied. Others may have the terminal still, and keep it for as long as they like:
 * what those write is not waited for, once whoever reads has kept up with them for a while.
 */
async function untilQuiet({ master, masterFd, output }: Copy, signal: AbortSignal): Promise<void> {
  let [quiet, keptUp] = [0, 0];
  while (!signal.aborted && !master.destroyed && quiet < QUIET_LOOKS && keptUp < KEPT_UP_LOOKS) {
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    const isKeptUp = output.destroyed || output.writableLength === 0;
    keptUp = isKeptUp ? keptUp + 1 : 0;
    quiet = isKeptUp && !hasMore(master, masterFd) ? quiet + 1 : 0;
  }
}

function hasMore(master: ReadStream, masterFd: number): boolean {
  return !master.destroyed && master.readableLength + readableBytes(masterFd) > 0;
}

function stopCopy({ master, stdin, output }: Copy): void {
  master.destroy();
  stdin?.destroy();
  output.destroy();
}
