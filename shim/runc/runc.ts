import { join } from "node:path";
import { RuncError } from "./errors.ts";
import { releaseInit } from "./release-init.ts";
import { runRunc, type RuncCall, type RuncProgram, type Spawn } from "./run-runc.ts";

export interface RuncSettings {
  /** A path, or a name to be found on PATH; "runc" by default. */
  readonly binary?: string;
  /** Where runc keeps the state of its containers, one folder for each namespace of containerd. */
  readonly root: string;
  readonly systemdCgroup?: boolean;
  readonly spawn: Spawn;
}

/** stdin, stdout and stderr of a process that runc makes. */
type Stdio = readonly [number, number, number];

export interface CreateRequest {
  readonly id: string;
  readonly bundle: string;
  readonly pidFile: string;
  readonly consoleSocket?: string | undefined;
  readonly noPivotRoot?: boolean | undefined;
  readonly noNewKeyring?: boolean | undefined;
  readonly stdio: Stdio;
  /** Becomes fd 3 of the container's program. */
  readonly preserved?: number | undefined;
}

export interface ExecRequest {
  readonly id: string;
  readonly processJsonFile: string;
  readonly pidFile: string;
  readonly consoleSocket?: string | undefined;
  readonly stdio: Stdio;
}

export interface StartRequest {
  readonly id: string;
  /** Of the container's init, as `create` wrote it into its file. */
  readonly pid: number;
  /** Whether the spec has `poststart` hooks, which only runc itself can run. */
  readonly hasPoststartHooks: boolean;
}

export interface CheckpointRequest {
  readonly id: string;
  readonly imagePath: string;
  readonly workPath?: string | undefined;
  /** Further options of `runc checkpoint`, such as `--leave-running`. */
  readonly options?: readonly string[];
}

/** What `runc state` says; there is more. */
export interface RuncState {
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly bundle: string;
}

const FEATURES_BYTES = 1024 * 1024;
const STATE_BYTES = 1024 * 1024;
const PS_BYTES = 16 * 1024 * 1024;

/** How long the clean-up after a failed `create` may take, in milliseconds. */
const CLEANUP_MS = 10_000;

/** Runs runc. Each method throws a {@link RuncError} when runc fails, and `signal`'s reason when it aborts. */
export class Runc {
  readonly #program: RuncProgram;

  constructor({ binary = "runc", root, systemdCgroup = false, spawn }: RuncSettings) {
    this.#program = { binary, root, systemdCgroup, spawn };
  }

  /** Creates a container whose init waits for `start`. A failed one leaves nothing behind. */
  async create(request: CreateRequest, signal: AbortSignal): Promise<void> {
    const { id, bundle, pidFile, consoleSocket, noPivotRoot, noNewKeyring, stdio, preserved } = request;
    const args = ["create", "--bundle", bundle, "--pid-file", pidFile];
    if (consoleSocket !== undefined) args.push("--console-socket", consoleSocket);
    if (noPivotRoot === true) args.push("--no-pivot");
    if (noNewKeyring === true) args.push("--no-new-keyring");
    if (preserved !== undefined) args.push("--preserve-fds", "1");
    try {
      await this.#run([...args, id], signal, preserved === undefined ? stdio : [...stdio, preserved]);
    } catch (error) {
      if (!(error instanceof RuncError && error.code === "AlreadyExists")) await this.#cleanUp(id);
      throw error;
    }
  }

  /** Lets the user's program run, by runc itself only where it must: that takes 20 ms. */
  async start({ id, pid, hasPoststartHooks }: StartRequest, signal: AbortSignal): Promise<void> {
    if (!hasPoststartHooks && (await releaseInit(join(this.#program.root, id), pid, signal))) return;
    await this.#run(["start", id], signal);
  }

  /** @param all sends it to all processes of the container. */
  async kill(id: string, kill: { readonly signal: number; readonly all: boolean }, signal: AbortSignal): Promise<void> {
    try {
      await this.#run(["kill", ...(kill.all ? ["--all"] : []), id, String(kill.signal)], signal);
    } catch (error) {
      // For a signal, a container that does not run is one that is not there.
      const isOver = error instanceof RuncError && /not running/.test(error.message);
      throw isOver ? new RuncError("NotFound", error.message, { cause: error }) : error;
    }
  }

  /** Runs one more process in a container and returns once it runs. */
  async exec(request: ExecRequest, signal: AbortSignal): Promise<void> {
    const { id, processJsonFile, pidFile, consoleSocket, stdio } = request;
    const args = ["exec", "--detach", "--process", processJsonFile, "--pid-file", pidFile];
    if (consoleSocket !== undefined) args.push("--console-socket", consoleSocket);
    await this.#run([...args, id], signal, stdio);
  }

  /** @param force kills what runs still; with it, a container that does not exist is no error. */
  async delete(id: string, { force }: { readonly force: boolean }, signal: AbortSignal): Promise<void> {
    await this.#run(["delete", ...(force ? ["--force"] : []), id], signal);
  }

  async pause(id: string, signal: AbortSignal): Promise<void> {
    await this.#run(["pause", id], signal);
  }

  async resume(id: string, signal: AbortSignal): Promise<void> {
    await this.#run(["resume", id], signal);
  }

  /** @param resourcesJson `linux.resources` of the OCI specification. */
  async update(id: string, resourcesJson: string, signal: AbortSignal): Promise<void> {
    await runRunc(this.#program, { args: ["update", "--resources", "-", id], input: resourcesJson }, signal);
  }

  async state(id: string, signal: AbortSignal): Promise<RuncState> {
    const output = await runRunc(this.#program, { args: ["state", id], maxOutputBytes: STATE_BYTES }, signal);
    return parseState(output);
  }

  /** The pids of all processes of a container. */
  async ps(id: string, signal: AbortSignal): Promise<readonly number[]> {
    const call = { args: ["ps", "--format", "json", id], maxOutputBytes: PS_BYTES };
    return parsePids(await runRunc(this.#program, call, signal));
  }

  /** Whether it was built to filter system calls. One before 1.1, which cannot say, counts as one that was not. */
  async filtersCalls(signal: AbortSignal): Promise<boolean> {
    try {
      const call = { args: ["features"], maxOutputBytes: FEATURES_BYTES };
      return /"seccomp": *\{\s*"enabled": *true/.test(await runRunc(this.#program, call, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RuncError) return false;
      throw error;
    }
  }

  /** Needs criu on the node; runc says so when it is missing. */
  async checkpoint(request: CheckpointRequest, signal: AbortSignal): Promise<void> {
    const { id, imagePath, workPath, options = [] } = request;
    const work = workPath === undefined ? [] : ["--work-path", workPath];
    await this.#run(["checkpoint", "--image-path", imagePath, ...work, ...options, id], signal);
  }

  async #run(args: readonly string[], signal: AbortSignal, stdio?: RuncCall["stdio"]): Promise<void> {
    await runRunc(this.#program, { args, ...(stdio === undefined ? {} : { stdio }) }, signal);
  }

  async #cleanUp(id: string): Promise<void> {
    await this.delete(id, { force: true }, AbortSignal.timeout(CLEANUP_MS)).catch(() => undefined); // The first error counts.
  }
}

function parseState(output: string): RuncState {
  const state = parseJson(output);
  if (isState(state)) return state;
  throw new RuncError("Unknown", `runc state gave what is no state: ${output.slice(0, 200)}`);
}

function isState(value: unknown): value is RuncState {
  const types = Object.entries({ id: "string", pid: "number", status: "string", bundle: "string" });
  if (typeof value !== "object" || value === null) return false;
  return types.every(([key, type]) => typeof Reflect.get(value, key) === type);
}

function parsePids(output: string): readonly number[] {
  const pids = parseJson(output);
  if (pids === null) return []; // runc of a container without processes.
  if (Array.isArray(pids) && pids.every((pid): pid is number => typeof pid === "number")) return pids;
  throw new RuncError("Unknown", `runc ps gave what is no list of pids: ${output.slice(0, 200)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RuncError("Unknown", `runc gave no JSON: ${text.slice(0, 200)}`, { cause: error });
  }
}
