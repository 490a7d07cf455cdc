import { closeSync } from "node:fs";
import type { HostState } from "../state.ts";

/** An open file descriptor, shared by a guest's descriptor and the streams made from it; the last one closes it. */
export class FileHandle {
  readonly fd: number;
  readonly #state: HostState | undefined;
  #owners = 1;

  /** @param state - counts it as open; `undefined` for a preopened folder, which stays open. */
  constructor(fd: number, state: HostState | undefined) {
    this.fd = fd;
    this.#state = state;
  }

  share(): this {
    this.#owners += 1;
    return this;
  }

  release(): void {
    this.#owners -= 1;
    if (this.#owners > 0 || this.#state === undefined) return;
    this.#state.countClosed();
    closeSync(this.fd);
  }
}
