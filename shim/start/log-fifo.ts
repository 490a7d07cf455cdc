import { closeSync, constants, existsSync, openSync, writeSync } from "node:fs";
import { hasCode } from "@rcm/lib/errors";
import type { Log } from "@rcm/lib/log";

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
type Level = keyof typeof LEVELS;

/** So many places are known at most; the oldest go first. */
const MAX_PLACES = 256;

/**
 * A log into containerd's FIFO: JSON lines that containerd copies to its own. It never blocks and never fails: while
 * nobody reads, lines are dropped, since keeping them would make the shim grow. A FIFO goes with its container, which
 * others may outlast: then the log goes on in one of theirs.
 */
export class FifoLog implements Log {
  #places: readonly string[];
  readonly #lowest: number;
  readonly #id: string;
  #fd: number | undefined;

  constructor(path: string, id: string, level: Level) {
    this.#places = [path];
    this.#id = id;
    this.#lowest = LEVELS[level];
  }

  /** A FIFO to use when there is no reader of those before. Nothing happens if there is no such file. */
  offer(path: string): void {
    if (this.#places.includes(path) || !existsSync(path)) return;
    const places = this.#places.length < MAX_PLACES ? this.#places : this.#places.filter((place) => existsSync(place));
    this.#places = [...places, path].slice(-MAX_PLACES);
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
    if (this.#put(line)) return;
    for (const place of this.#places) {
      this.#fd = openNow(place);
      if (this.#put(line)) return;
    }
  }

  /** Whether there is a reader. */
  #put(line: string): boolean {
    if (this.#fd === undefined) return false;
    try {
      writeSync(this.#fd, `${line}\n`);
      return true;
    } catch (error) {
      if (hasCode(error, "EAGAIN")) return true; // The pipe is full.
      closeSync(this.#fd);
      this.#fd = undefined;
      return false;
    }
  }
}

function openNow(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined; // It is gone, or nobody reads it now.
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, cause: value.cause };
  return typeof value === "bigint" ? value.toString() : value;
}
