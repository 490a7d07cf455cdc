/** What containerd asks for. */
export interface StdioRequest {
  /** A path, a URI, or empty for nothing, each. */
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
  /** For a logger program. */
  readonly containerId: string;
  readonly namespace: string;
  /** Who shall own the FIFOs; by default they stay as they are. */
  readonly ioUid?: number | undefined;
  readonly ioGid?: number | undefined;
}

/** stdin, stdout and stderr of one process of a container, from before it runs until after it has ended. */
export interface Stdio {
  /** What runc gets as stdin, stdout, stderr. */
  readonly fds: readonly [number, number, number];
  /** What runc gets as `--console-socket`; only with a terminal. */
  readonly consoleSocket: string | undefined;
  /**
   * To be called once runc has made the process: lets go of what is now the process's, and takes over its terminal.
   *
   * @throws {StdioError} when there is no terminal on the console socket.
   */
  handedOver(): void;
  /** Ends the input of the process. May be called at any time, several times. */
  closeStdin(): void;
  /** Of the terminal, in characters; without one, nothing happens. */
  resize(width: number, height: number): void;
  /**
   * To be called once the process has ended: returns when the reader has got all of its output, which then ends for
   * the reader too; or when `signal` aborts, with what is unread lost.
   */
  finish(signal: AbortSignal): Promise<void>;
  /** Lets go of everything at once. Safe to call at any time, several times. */
  close(): void;
}
