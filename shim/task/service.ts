import type { CreateTaskRequest, DeleteResponse, ExecProcessRequest, StateResponse } from "../proto/task.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import type { Call } from "../ttrpc/service.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import type { Container, TaskHost } from "./container.ts";
import { createContainer } from "./create-container.ts";
import { deleteContainer, deleteExec } from "./delete.ts";
import { recordDeletion } from "./deletion-record.ts";
import { addExec, startExec } from "./exec.ts";
import type { TaskProcess } from "./process.ts";
import { startContainer } from "./start-container.ts";
import { statusOf } from "./state.ts";
import type { Exit } from "./state.ts";

interface ProcessId {
  readonly id: string;
  readonly execId: string;
}

/**
 * The containers of one shim. Whatever changes one claims its new state before it waits for anything, so two calls at
 * once cannot both succeed.
 */
export class TaskService {
  readonly #host: TaskHost;
  readonly #containers = new Map<string, Container>();
  /** Names of containers that are being created. */
  readonly #creating = new Set<string>();
  /** Whether something of a creation that failed may still be there. */
  #leftBehind = false;

  constructor(host: TaskHost) {
    this.#host = host;
  }

  get isEmpty(): boolean {
    return this.#containers.size === 0 && this.#creating.size === 0;
  }

  async create(request: CreateTaskRequest, call: Call): Promise<number> {
    const { id } = request;
    if (this.#containers.has(id) || this.#creating.has(id)) {
      throw new TtrpcError("ALREADY_EXISTS", `Cannot create container "${id}": there is one of that name`);
    }
    this.#creating.add(id);
    try {
      const container = await createContainer(this.#host, request, {
        call,
        leftBehind: () => {
          this.#leftBehind = true;
        },
      });
      this.#containers.set(id, container);
      return container.init.pid;
    } finally {
      this.#creating.delete(id);
    }
  }

  async start({ id, execId }: ProcessId, call: Call): Promise<number> {
    const container = this.container(id);
    if (execId === "") await startContainer(this.#host, container, call);
    else await startExec(this.#host, container, { process: this.process({ id, execId }), call });
    return this.process({ id, execId }).pid;
  }

  /** @returns the process and how it ended. */
  async delete({ id, execId }: ProcessId): Promise<DeleteResponse> {
    const container = this.container(id);
    const process = this.process({ id, execId });
    if (execId !== "") return deleted(process, await deleteExec(container, await this.settled({ id, execId })));
    const response = deleted(process, await deleteContainer(this.#host, container));
    this.#containers.delete(id);
    if (this.#isAllOf(container)) recordDeletion(container.bundle, response);
    return response;
  }

  /**
   * Whether nothing else needs the command `delete` of the container: with version 3 of the protocol containerd runs that
   * of a pod's first container for the whole pod.
   */
  #isAllOf({ id, pod }: Container): boolean {
    if (id !== pod) return true;
    if (this.#leftBehind || this.#creating.size > 0) return false;
    return [...this.#containers.values()].every((other) => other.pod !== pod);
  }

  addExec(request: ExecProcessRequest): void {
    addExec(this.#host, this.container(request.id), request);
  }

  state({ id, execId }: ProcessId): StateResponse {
    const { bundle } = this.container(id);
    const { pid, state, paths, exit } = this.process({ id, execId });
    const { stdin, stdout, stderr, terminal } = paths;
    return {
      id,
      bundle,
      pid,
      status: statusOf(state),
      stdin,
      stdout,
      stderr,
      terminal,
      exitStatus: exit?.status ?? 0,
      exitedAt: exit === undefined ? undefined : timestampFromDate(exit.at),
      execId,
    };
  }

  /**
   * Waits for the end of a process for as long as it takes: containerd sets no limit.
   *
   * @param signal aborts when the caller is gone.
   */
  async wait(process: ProcessId, signal: AbortSignal): Promise<Exit> {
    const { exited } = this.process(process);
    const { promise, reject } = Promise.withResolvers<never>();
    function abort(): void {
      reject(new TtrpcError("CANCELED", "The caller no longer waits"));
    }
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([exited, promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** @throws {TtrpcError} `NOT_FOUND`. */
  container(id: string): Container {
    const container = this.#containers.get(id);
    if (container !== undefined) return container;
    throw new TtrpcError("NOT_FOUND", `Cannot find container "${id}": this shim has none of that name`);
  }

  /** The pid of a container, or 0 if there is none. */
  pidOf(id: string): number {
    return this.#containers.get(id)?.init.pid ?? 0;
  }

  /** @throws {TtrpcError} `NOT_FOUND`. */
  process({ id, execId }: ProcessId): TaskProcess {
    const { init, execs } = this.container(id);
    const process = execId === "" ? init : execs.get(execId);
    if (process !== undefined) return process;
    throw new TtrpcError(
      "NOT_FOUND",
      `Cannot find process "${execId}" of container "${id}": it was never added, or deleted`,
    );
  }

  /**
   * The same, once a start of a command that is under way is over: before that it has no process and no streams.
   *
   * @throws {TtrpcError} `NOT_FOUND`.
   */
  async settled(id: ProcessId): Promise<TaskProcess> {
    const process = this.process(id);
    if (id.execId !== "") await process.started;
    return process;
  }
}

function deleted({ pid }: TaskProcess, { status, at }: Exit): DeleteResponse {
  return { pid, exitStatus: status, exitedAt: timestampFromDate(at) };
}
