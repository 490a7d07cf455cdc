import { constants, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { ConsoleSocket } from "./console-socket.ts";
import { DirectStdio } from "./direct-stdio.ts";
import { StdioError } from "./errors.ts";
import { FdSet } from "./fd-set.ts";
import { openInput, openOutput, type Owner } from "./fifo.ts";
import { startLogger, type Logger, type Spawn } from "./logger.ts";
import type { Stdio, StdioRequest } from "./stdio.ts";
import { parseTarget, type StreamName, type Target } from "./target.ts";
import { TerminalStdio } from "./terminal-stdio.ts";

/** What opening needs of the shim. */
export interface StdioHost {
  readonly spawn: Spawn;
  /** What a logger inherits of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where console sockets are made; with a short path. */
  readonly socketFolder: string;
}

interface Output {
  readonly fd: number;
  readonly kind: "pipe" | "file";
  readonly hold: number | undefined;
}

/**
 * Opens what containerd gave for a process. Waits for nobody but a logger, so a FIFO without a reader hangs nothing.
 *
 * @throws {StdioError} that names the stream and its value, with nothing left open; `signal`'s reason when it aborts.
 */
export async function openStdio(request: StdioRequest, host: StdioHost, signal: AbortSignal): Promise<Stdio> {
  const targets = {
    stdin: parseTarget("stdin", request.stdin),
    stdout: parseTarget("stdout", request.stdout),
    stderr: parseTarget("stderr", request.stderr),
  };
  checkPrograms(request, targets);
  const open = new FdSet();
  let logger: Logger | undefined;
  try {
    logger = await openLogger(request, targets.stdout, { host, open, signal });
    return request.terminal
      ? openTerminal(request, targets, { open, logger, host })
      : openDirect(request, targets, { open, logger });
  } catch (error) {
    open.closeAll();
    logger?.stop();
    throw error;
  }
}

type Targets = Readonly<Record<StreamName, Target>>;

function checkPrograms(request: StdioRequest, { stdin, stderr }: Targets): void {
  if (stdin.kind === "program") {
    throw new StdioError("InvalidArgument", `Cannot use stdin "${request.stdin}": a logger is for outputs`);
  }
  if (stderr.kind === "program" && request.stderr !== request.stdout) {
    const reason = `stdout "${request.stdout}" must name the same logger`;
    throw new StdioError("InvalidArgument", `Cannot use stderr "${request.stderr}": ${reason}`);
  }
}

async function openLogger(
  { containerId, namespace }: StdioRequest,
  target: Target,
  { host, open, signal }: { readonly host: StdioHost; readonly open: FdSet; readonly signal: AbortSignal },
): Promise<Logger | undefined> {
  if (target.kind !== "program") return undefined;
  const logger = await startLogger({ ...target, containerId, namespace, env: host.env }, host.spawn, signal);
  open.add(logger.stdout);
  open.add(logger.stderr);
  return logger;
}

function openDirect(
  request: StdioRequest,
  targets: Targets,
  { open, logger }: { readonly open: FdSet; readonly logger: Logger | undefined },
): Stdio {
  const owner = ownerOf(request);
  const stdin = openStdin(targets.stdin, open, owner);
  const stdout = openSink("stdout", targets.stdout, { open, owner, logger });
  const stderr = openSink("stderr", targets.stderr, { open, owner, logger });
  return new DirectStdio({
    open,
    fds: [stdin.fd, stdout.fd, stderr.fd],
    stdinHold: stdin.hold,
    outputHolds: [stdout.hold, stderr.hold].filter((hold) => hold !== undefined),
    logger,
  });
}

function openTerminal(
  request: StdioRequest,
  targets: Targets,
  { open, logger, host }: { readonly open: FdSet; readonly logger: Logger | undefined; readonly host: StdioHost },
): Stdio {
  const owner = ownerOf(request);
  const nothing = openNull(open);
  const stdin = targets.stdin.kind === "null" ? undefined : openStdin(targets.stdin, open, owner);
  const output = openSink("stdout", targets.stdout, { open, owner, logger });
  return new TerminalStdio({
    open,
    nothing,
    socket: new ConsoleSocket(host.socketFolder),
    stdin: stdin === undefined ? undefined : { fd: stdin.fd, kind: stdin.hold === undefined ? "file" : "pipe" },
    stdinHold: stdin?.hold,
    output,
    outputHold: output.hold,
    logger,
  });
}

function openStdin(target: Target, open: FdSet, owner: Owner | undefined): { fd: number; hold: number | undefined } {
  if (target.kind === "null" || target.kind === "program") return { fd: openNull(open), hold: undefined };
  const { readEnd, hold } = openInput("stdin", target.path, owner);
  open.add(readEnd);
  return { fd: readEnd, hold: hold === undefined ? undefined : open.add(hold) };
}

interface SinkParts {
  readonly open: FdSet;
  readonly owner: Owner | undefined;
  readonly logger: Logger | undefined;
}

function openSink(stream: "stdout" | "stderr", target: Target, { open, owner, logger }: SinkParts): Output {
  if (target.kind === "program" && logger !== undefined) return { fd: logger[stream], kind: "pipe", hold: undefined };
  if (target.kind === "file") return { fd: open.add(openLogFile(stream, target.path)), kind: "file", hold: undefined };
  if (target.kind !== "path") return { fd: openNull(open), kind: "file", hold: undefined };
  const { writeEnd, hold } = openOutput(stream, target.path, owner);
  open.add(writeEnd);
  return hold === undefined
    ? { fd: writeEnd, kind: "file", hold }
    : { fd: writeEnd, kind: "pipe", hold: open.add(hold) };
}

function openLogFile(stream: StreamName, path: string): number {
  try {
    ensureFolder(dirname(path));
    return openSync(path, "a", 0o644);
  } catch (error) {
    throw new StdioError("Unknown", `Cannot open ${stream} "${path}"`, { cause: error });
  }
}

/** Not `mkdirSync` with `recursive`, which never returns for a folder that cannot be in its parent, as in /proc. */
function ensureFolder(path: string): void {
  if (existsSync(path)) return;
  ensureFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (!existsSync(path)) throw error; // Unless another container's stream was faster.
  }
}

function openNull(open: FdSet): number {
  return open.add(openSync("/dev/null", constants.O_RDWR));
}

function ownerOf({ ioUid, ioGid }: StdioRequest): Owner | undefined {
  // -1 leaves as it is what is not given.
  return ioUid === undefined && ioGid === undefined ? undefined : { uid: ioUid ?? -1, gid: ioGid ?? -1 };
}
