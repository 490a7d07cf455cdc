import { closeSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { hasCode } from "@rcm/lib/errors";
import { pipe2 } from "./descriptor.ts";
import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/eventfd.2.html */
const EFD_CLOEXEC = 0o2_000_000;
const EFD_NONBLOCK = 0o4_000;
/** The same bits. */
const O_CLOEXEC = EFD_CLOEXEC;

/** What the kernel counts is a 64-bit integer. */
const COUNT_BYTES = 8;

const eventfd = libcFunction("eventfd", { arguments: ["u32", "i32"], return: "i32" });
const dup3 = libcFunction("dup3", { arguments: ["i32", "i32", "i32"], return: "i32" });

/** Counts what the kernel signals to a file descriptor, and tells of it. Does not keep the process alive. */
export class EventCounter {
  readonly fd: number;
  readonly #stream: Socket;
  readonly #buffer = Buffer.alloc(COUNT_BYTES);
  #count = 0;

  /** @throws {LinuxError} such as when there are too many open files. */
  constructor(onSignal: () => void) {
    const stream = eventStream((count) => {
      this.#count += count;
      onSignal();
    });
    this.fd = stream.fd;
    this.#stream = stream.socket;
  }

  /** Signals since the last call. */
  take(): number {
    const count = this.#count + (this.#stream.destroyed ? 0 : this.#read());
    this.#count = 0;
    return count;
  }

  /** What has not been told yet. */
  #read(): number {
    try {
      readSync(this.fd, this.#buffer);
      return Number(this.#buffer.readBigUInt64LE());
    } catch (error) {
      if (hasCode(error, "EAGAIN")) return 0;
      throw error;
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}

/**
 * Node waits for pipes, sockets and terminals only. So it gets a pipe, whose descriptor becomes the eventfd's before Node
 * begins to wait.
 */
function eventStream(onCount: (count: number) => void): { readonly fd: number; readonly socket: Socket } {
  const event = checkResult(eventfd()(0, EFD_CLOEXEC | EFD_NONBLOCK), () => "make an eventfd");
  try {
    const { readEnd: fd, writeEnd } = pipe2();
    closeSync(writeEnd);
    const socket = socketOf(fd, onCount);
    try {
      checkResult(dup3()(event, fd, O_CLOEXEC), () => "move an eventfd");
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return { fd, socket: socket.unref() };
  } finally {
    closeSync(event);
  }
}

function socketOf(fd: number, onCount: (count: number) => void): Socket {
  const buffer = Buffer.alloc(COUNT_BYTES);
  function callback(): boolean {
    onCount(Number(buffer.readBigUInt64LE()));
    return true;
  }
  return new Socket({ fd, writable: false, onread: { buffer, callback } });
}
