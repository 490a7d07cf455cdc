import { awaitDrained } from "./drain.ts";
import type { FdSet } from "./fd-set.ts";
import type { Logger } from "./logger.ts";
import type { Stdio } from "./stdio.ts";

export interface DirectParts {
  /** All that is open, also what the fields below name. */
  readonly open: FdSet;
  /** What the process gets. */
  readonly fds: readonly [number, number, number];
  readonly stdinHold: number | undefined;
  readonly outputHolds: readonly number[];
  readonly logger: Logger | undefined;
}

/** Without a terminal: the process gets the FIFOs and files themselves, and no byte passes through the shim. */
export class DirectStdio implements Stdio {
  readonly consoleSocket = undefined;
  readonly fds: readonly [number, number, number];
  readonly #parts: DirectParts;

  constructor(parts: DirectParts) {
    this.#parts = parts;
    this.fds = parts.fds;
  }

  handedOver(): void {
    for (const fd of this.fds) this.#parts.open.close(fd);
  }

  closeStdin(): void {
    const { open, stdinHold } = this.#parts;
    if (stdinHold !== undefined) open.close(stdinHold);
  }

  resize(): void {
    // Nothing has a size.
  }

  async finish(signal: AbortSignal): Promise<void> {
    const { open, outputHolds, logger } = this.#parts;
    this.handedOver();
    this.closeStdin();
    await Promise.all([
      ...outputHolds.map(async (hold) => {
        await awaitDrained(hold, signal);
        open.close(hold);
      }),
      logger?.finish(signal),
    ]);
  }

  close(): void {
    this.#parts.open.closeAll();
    this.#parts.logger?.stop();
  }
}
