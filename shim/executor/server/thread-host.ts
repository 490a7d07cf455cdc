import type { ListenAddress } from "./listen-address.ts";

/** A further thread of the program, which serves at the same address. */
export interface ServingThread {
  /** Settled once it listens; rejects if it cannot. */
  readonly listening: Promise<void>;
  /** Resolves once it is over, with what it failed of, if it did. */
  readonly ended: Promise<Error | undefined>;
  /** Has it stop as a program does when it is told to: requests that run come to their end. */
  stop(): void;
  /** Ends it, whatever it does. */
  kill(): void;
}

/** @param onQuiet is called, again and again, when the thread has had nothing to do for a while. */
export type StartThread = (address: ListenAddress, onQuiet: () => void) => ServingThread;

/** What a server knows of the threads of its program. */
export interface ThreadHost {
  /** To be called when the program listens, or its command begins. */
  readonly ready?: () => void;
  /** In the first thread: how it gets others. */
  readonly threads?: {
    /** With the first one, by processors and memory. */
    readonly max: number;
    readonly start: StartThread;
  };
  /** In any other thread. */
  readonly further?: {
    /** Where the first one listens. */
    readonly address: ListenAddress;
    /** To be called when there has been nothing to do for a while. */
    quiet(): void;
  };
}
