import type { Stdio, StdioRequest } from "../stdio/stdio.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import { canMove } from "./state.ts";
import type { Exit, ProcessState, StateKind } from "./state.ts";

/** Where containerd wants a process's input and output. */
export type StdioPaths = Pick<StdioRequest, "stdin" | "stdout" | "stderr" | "terminal">;

/** A container's first process, or one that was executed in it: its state, and who waits for its end. */
export class TaskProcess {
  readonly containerId: string;
  /** Empty for the container's first process. */
  readonly execId: string;
  readonly paths: StdioPaths;
  /** 0 until it is known. */
  pid = 0;
  /** Whether the kernel may give the pid to others: it has ended and was reaped, which is told a little later. */
  isReaped = false;
  stdio: Stdio | undefined;
  /** What is to be executed: a process of the OCI specification, as JSON. Empty for the container's first process. */
  spec: Uint8Array = new Uint8Array();
  readonly exited: Promise<Exit>;
  /** Settled when all output has been read, or is lost. */
  #outputEnd: Promise<void> | undefined;
  readonly #noOutput = new AbortController();
  /** Settled when its start has been told, or is not under way. */
  started: Promise<void> = Promise.resolve();
  #state: ProcessState = { kind: "creating" };
  readonly #resolve: (exit: Exit) => void;

  constructor(containerId: string, execId: string, paths: StdioPaths) {
    this.containerId = containerId;
    this.execId = execId;
    this.paths = paths;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.exited = promise;
    this.#resolve = resolve;
  }

  get state(): StateKind {
    return this.#state.kind;
  }

  get exit(): Exit | undefined {
    return "exit" in this.#state ? this.#state.exit : undefined;
  }

  /** Whether it has ended, which may not be told yet. */
  get isOver(): boolean {
    return this.isReaped || this.exit !== undefined;
  }

  /** Whether its end will be told, of which it may not have begun yet. */
  get isUnderWay(): boolean {
    return this.exit === undefined && this.state !== "creating" && this.state !== "created";
  }

  /** "container a", "process b of container a". */
  get name(): string {
    const container = `container "${this.containerId}"`;
    return this.execId === "" ? container : `process "${this.execId}" of ${container}`;
  }

  /**
   * @throws {TtrpcError} `FAILED_PRECONDITION` if that move does not exist; `verb` says what was wanted.
   */
  move(to: Exclude<StateKind, "stopped" | "deleted">, verb: string): void {
    if (!canMove(this.#state.kind, to)) throw this.refusal(verb);
    this.#state = { kind: to };
  }

  /** Takes back a claim, unless the process has ended meanwhile. */
  back(from: StateKind, to: "created" | "running" | "paused"): void {
    if (this.#state.kind === from) this.#state = { kind: to };
  }

  /** Does nothing if it has stopped already. */
  stop(exit: Exit): void {
    if (!canMove(this.#state.kind, "stopped")) return;
    this.#state = { kind: "stopped", exit };
    this.#resolve(exit);
  }

  /** @returns how it ended. */
  markDeleted(): Exit {
    if (this.#state.kind !== "stopped") throw this.refusal("delete");
    const { exit } = this.#state;
    this.#state = { kind: "deleted", exit };
    return exit;
  }

  /**
   * To be called once it has ended: lets the reader have the last output, and see its end. A reader that is away, as
   * containerd is while it restarts, gets it later.
   */
  async endOutput(): Promise<void> {
    this.#outputEnd ??= this.stdio?.finish(this.#noOutput.signal);
    await this.#outputEnd;
  }

  /** The same, but what is unread after `ms` milliseconds is lost. */
  async endOutputWithin(ms: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#noOutput.abort();
    }, ms);
    await this.endOutput();
    clearTimeout(timer);
    this.stdio?.close();
  }

  refusal(verb: string): TtrpcError {
    return new TtrpcError("FAILED_PRECONDITION", `Cannot ${verb} ${this.name}: it is ${this.#state.kind}`);
  }
}
