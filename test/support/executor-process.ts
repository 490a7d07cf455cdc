import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

const MAIN = join(import.meta.dirname, "..", "..", "shim", "executor", "main.ts");
/** Of Node. */
export const FLAGS = ["--disable-warning=ExperimentalWarning"];
const START_MS = 30_000;
const POLL_MS = 20;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of the executor's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The executor as a process of its own. */
export class ExecutorProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown[]>;
  /** It has ended, and all that it said has come: that may be later than its exit. */
  #hasClosed = false;
  #stdout = "";
  #stderr = "";

  /** @param command - what runs it, with the same process id. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    [command, ...first]: readonly [string, ...string[]] = [process.execPath, ...FLAGS, MAIN],
  ) {
    this.#child = spawn(command, [...first, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: environment,
    });
    this.#closed = once(this.#child, "close");
    this.#child.once("close", () => (this.#hasClosed = true));
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
  }

  get stderr(): string {
    return this.#stderr;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Of whole lines: the last one may have come in part only. */
  log(): LogLine[] {
    return this.#stderr
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** The last line that tells of a request that failed; of a component, if several may fail by that path. */
  async failure(path: string, component?: string): Promise<LogLine> {
    const found = (): LogLine | undefined =>
      this.log().findLast(
        (line) =>
          line["message"] === "Request failed" &&
          line["path"] === path &&
          (component === undefined || line["component"] === component),
      );
    await this.until(() => found() !== undefined);
    return found() ?? {};
  }

  /** The port it serves on. */
  async port(): Promise<number> {
    const line = (): LogLine | undefined => this.log().find(({ message }) => message === "Serving");
    await this.until(() => line() !== undefined);
    return Number(line()?.["port"]);
  }

  async until(isSo: () => boolean, ms = START_MS): Promise<void> {
    const deadline = Date.now() + ms;
    while (!isSo()) {
      if (Date.now() > deadline || this.#hasClosed) {
        throw new Error(`Cannot wait for the executor any longer: exit code ${this.#child.exitCode}: ${this.#stderr}`);
      }
      await delay(POLL_MS);
    }
  }

  write(text: string): void {
    this.#child.stdin.end(text);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async ended(ms = START_MS): Promise<Ended> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), ms);
    const [code] = (await this.#closed) as [number | null];
    clearTimeout(timer);
    return { code, stdout: this.#stdout, stderr: this.#stderr };
  }

  async stop(): Promise<Ended> {
    this.signal("SIGTERM");
    return this.ended();
  }

  /**
   * Has `peakMiB` count from now on only. @returns what it has resident now, in MiB.
   *
   * @see {@link https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html}
   */
  resetPeak(): number {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, "5");
    return this.residentMiB();
  }

  /** The most memory that it had resident so far, in MiB. */
  peakMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  residentMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }
}
