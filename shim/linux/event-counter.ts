import { closeSync, readSync } from "node:fs";
import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/eventfd.2.html */
const EFD_CLOEXEC = 0o2_000_000;
const EFD_NONBLOCK = 0o4_000;

const eventfd = libcFunction("eventfd", { arguments: ["u32", "i32"], return: "i32" });

/** Counts what the kernel signals to a file descriptor. */
export class EventCounter {
  readonly fd: number;
  readonly #buffer = new BigUint64Array(1);
  #isClosed = false;

  constructor() {
    this.fd = checkResult(eventfd()(0, EFD_CLOEXEC | EFD_NONBLOCK), () => "make an eventfd");
  }

  /** Signals since the last call. */
  take(): number {
    if (this.#isClosed) return 0;
    try {
      readSync(this.fd, this.#buffer);
      return Number(this.#buffer[0] ?? 0n);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
      throw error;
    }
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.fd);
    this.#isClosed = true;
  }
}
