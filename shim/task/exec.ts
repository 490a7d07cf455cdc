import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeNamed } from "../linux/write-named.ts";
import type { ExecProcessRequest } from "../proto/task.ts";
import { MAX_SPEC_BYTES } from "../spec/parse-spec.ts";
import type { Call } from "../ttrpc/service.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import type { Container, TaskHost } from "./container.ts";
import { openProcessStdio } from "./open-process-stdio.ts";
import { TaskProcess } from "./process.ts";
import { publishEvent } from "./publish-event.ts";
import { readPidFile } from "./read-pid-file.ts";
import { runcLimit } from "./runc-limit.ts";
import { runtimeCall } from "./runtime-call.ts";
import { superviseExec } from "./supervise.ts";

/** More processes that were not deleted are refused, so that nobody can make the shim grow without end. */
const MAX_EXECS = 4096;

/** containerd's rule for identifiers: it becomes part of a file's name. */
const IDENTIFIER = /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/u;

/**
 * Notes a process that is to be executed in a container; `startExec` runs it.
 *
 * @throws {TtrpcError} `ALREADY_EXISTS`, `InvalidArgument`, `ResourceExhausted`, `FailedPrecondition`.
 */
export function addExec(host: TaskHost, container: Container, request: ExecProcessRequest): void {
  const { execs, init, kind } = container;
  const { execId } = request;
  if (!IDENTIFIER.test(execId)) {
    throw new TtrpcError(
      "INVALID_ARGUMENT",
      `Cannot add process "${execId}": its name must be letters, digits, ".", "_", "-"`,
    );
  }
  if (execs.has(execId)) {
    throw new TtrpcError("ALREADY_EXISTS", `Cannot add process "${execId}" to ${init.name}: there is one of that name`);
  }
  if (execs.size >= MAX_EXECS) {
    throw new TtrpcError("RESOURCE_EXHAUSTED", `Cannot add process "${execId}" to ${init.name}: it has ${MAX_EXECS}`);
  }
  if (kind === "wasm") {
    throw new TtrpcError(
      "UNIMPLEMENTED",
      `Cannot execute a program in ${init.name}: it runs a Wasm component, which has no programs; use logs or an HTTP probe`,
    );
  }
  if (init.exit !== undefined) throw init.refusal("execute a program in");
  if (init.state === "paused") {
    // The code is that of runc's shim: clients know it.
    throw new TtrpcError("UNKNOWN", `Cannot execute a program in ${init.name}: it is paused; resume it first`);
  }
  const process = new TaskProcess(container.id, execId, request);
  process.spec = specOf(request);
  process.move("created", "add");
  execs.set(execId, process);
  publishEvent(host, "/tasks/exec-added", { containerId: container.id, execId });
}

/** CRI gives a command its container's whole environment, so the limit is that of containers. */
function specOf({ execId, spec }: ExecProcessRequest): Uint8Array {
  const value = spec?.value ?? new Uint8Array();
  if (value.length > 0 && value.length <= MAX_SPEC_BYTES) return value;
  throw new TtrpcError(
    "INVALID_ARGUMENT",
    `Cannot add process "${execId}": its description has ${value.length} bytes, and may have 1 to ${MAX_SPEC_BYTES}`,
  );
}

/**
 * Runs a process that was added. Its end is told after its start, also if it ends at once.
 *
 * @throws {TtrpcError} `FailedPrecondition` if the container has ended, or the process was started before; what runc says.
 */
export async function startExec(
  host: TaskHost,
  container: Container,
  { process, call }: { readonly process: TaskProcess; readonly call: Call },
): Promise<void> {
  const { init } = container;
  if (init.isOver) {
    // Its end may be about to be told, and is to be the last.
    throw new TtrpcError("FAILED_PRECONDITION", `Cannot start ${process.name}: the container has ended`);
  }
  process.move("starting", "start");
  const { promise, resolve } = Promise.withResolvers<void>();
  process.started = promise;
  try {
    process.pid = await run(host, container, { process, call });
    void superviseExec(host, process);
    process.back("starting", "running");
    const { containerId, execId, pid } = process;
    publishEvent(host, "/tasks/exec-started", { containerId, execId, pid });
  } catch (error) {
    process.back("starting", "created");
    process.stop({ status: NOT_STARTED, at: new Date() });
    throw error;
  } finally {
    resolve();
  }
}

/** Exit status of a process that never ran, as shells have it. */
const NOT_STARTED = 126;

async function run(
  host: TaskHost,
  { id, bundle, runc, ioOwner }: Container,
  { process, call }: { readonly process: TaskProcess; readonly call: Call },
): Promise<number> {
  const { execId, spec } = process;
  const processJsonFile = join(bundle, `exec-${execId}.json`);
  const pidFile = join(bundle, `exec-${execId}.pid`);
  const stdio = await openProcessStdio(host, process, ioOwner);
  try {
    writeNamed(processJsonFile, spec);
    const { fds, consoleSocket } = stdio;
    const request = { id, processJsonFile, pidFile, consoleSocket, stdio: fds };
    await runtimeCall("exec", runc.exec(request, runcLimit(call)));
    stdio.handedOver();
    const pid = readPidFile(pidFile);
    process.stdio = stdio;
    return pid;
  } catch (error) {
    stdio.close();
    throw error;
  } finally {
    for (const path of [processJsonFile, pidFile]) rmSync(path, { force: true });
  }
}
