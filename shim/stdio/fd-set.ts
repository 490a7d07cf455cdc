import { closeSync } from "node:fs";

/** File descriptors that are open; each is closed once, however often that is asked. */
export class FdSet {
  readonly #open = new Set<number>();

  add(fd: number): number {
    this.#open.add(fd);
    return fd;
  }

  /** From now on somebody else closes it. */
  take(fd: number): void {
    this.#open.delete(fd);
  }

  close(fd: number): void {
    if (this.#open.delete(fd)) closeSync(fd);
  }

  closeAll(): void {
    for (const fd of this.#open) this.close(fd);
  }
}
