import { getRawPointer } from "node:ffi";
import { closeSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/eventfd.2.html */
const EFD_CLOEXEC = 0o2_000_000;
const EFD_NONBLOCK = 0o4_000;
/** The same bits. */
const O_CLOEXEC = EFD_CLOEXEC;

/** What the kernel counts is a 64-bit integer. */
const COUNT_BYTES = 8;

const eventfd = libcFunction("eventfd", { arguments: ["u32", "i32"], return: "i32" });
const pipe2 = libcFunction("pipe2", { arguments: ["pointer", "i32"], return: "i32" });
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
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
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
  const [pipe, writeEnd] = makePipe();
  closeSync(writeEnd);
  const event = checkResult(eventfd()(0, EFD_CLOEXEC | EFD_NONBLOCK), () => "make an eventfd");
  const buffer = Buffer.alloc(COUNT_BYTES);
  function callback(): boolean {
    onCount(Number(buffer.readBigUInt64LE()));
    return true;
  }
  const socket = new Socket({ fd: pipe, writable: false, onread: { buffer, callback } });
  try {
    checkResult(dup3()(event, pipe, O_CLOEXEC), () => "move an eventfd");
  } finally {
    closeSync(event);
  }
  return { fd: pipe, socket: socket.unref() };
}

function makePipe(): readonly [readEnd: number, writeEnd: number] {
  const ends = Buffer.alloc(8);
  checkResult(pipe2()(getRawPointer(ends), O_CLOEXEC | EFD_NONBLOCK), () => "make a pipe");
  return [ends.readInt32LE(0), ends.readInt32LE(4)];
}
