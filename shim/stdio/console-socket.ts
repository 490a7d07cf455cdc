import { closeSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { acceptNow, listenUnix, receiveFd } from "../linux/socket.ts";
import { StdioError } from "./errors.ts";

/** A Unix socket in a folder of its own, over which runc hands the master of a new terminal. */
export class ConsoleSocket {
  readonly path: string;
  readonly #folder: string;
  #fd: number | undefined;

  /** @param parent where the folder is made; with a short path, since a socket's path has at most 107 bytes. */
  constructor(parent: string) {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    this.#folder = mkdtempSync(join(parent, "pty-"));
    this.path = join(this.#folder, "s");
    try {
      this.#fd = listenUnix(this.path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * The terminal's master, once runc has ended: by then it has sent it.
   *
   * @throws {StdioError} `Unknown` when it has not.
   */
  receive(): number {
    const connection = this.#fd === undefined ? undefined : acceptNow(this.#fd);
    try {
      const master = connection === undefined ? undefined : receiveFd(connection);
      if (master !== undefined) return master;
      throw new StdioError("Unknown", `Cannot get a terminal on "${this.path}": runc has sent none`);
    } finally {
      if (connection !== undefined) closeSync(connection);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
