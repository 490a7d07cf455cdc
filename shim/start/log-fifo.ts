import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { Log } from "@rcm/lib/log";

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
type Level = keyof typeof LEVELS;

/**
 * A log into containerd's FIFO: JSON lines that containerd copies to its own. It never blocks and never fails: while
 * nobody reads, lines are dropped, since keeping them would make the shim grow.
 */
export class FifoLog implements Log {
  readonly #path: string;
  readonly #lowest: number;
  readonly #id: string;
  #fd: number | undefined;

  constructor(path: string, id: string, level: Level) {
    this.#path = path;
    this.#id = id;
    this.#lowest = LEVELS[level];
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("error", message, fields);
  }

  #write(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (LEVELS[level] < this.#lowest) return;
    const time = new Date().toISOString();
    const line = JSON.stringify({ time, level, message, program: "shim", sandbox: this.#id, ...fields }, jsonValue);
    try {
      this.#fd ??= openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(this.#fd, `${line}\n`);
    } catch (error) {
      // EAGAIN: the pipe is full. Anything else: nobody reads any more, so it is opened again next time.
      if (this.#fd === undefined || (error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      closeSync(this.#fd);
      this.#fd = undefined;
    }
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, cause: value.cause };
  return typeof value === "bigint" ? value.toString() : value;
}
