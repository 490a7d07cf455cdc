import { closeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { messageOf } from "@rcm/lib/errors";
import { shutdownSignal } from "@rcm/lib/shutdown";
import {
  COMPONENT_VARIABLE,
  CPU_VARIABLE,
  MEMORY_VARIABLE,
  PREPARED_VARIABLE,
  READY_VARIABLE,
  SPIN_APP_VARIABLE,
} from "../../spec/executor-layout.ts";
import { decodeGuest, hasGuest } from "../../spec/guest-document.ts";
import { commandLine } from "../command-line.ts";
import type { CommandIo } from "../commands/command-io.ts";
import type { ThreadHost } from "../server/thread-host.ts";
import { allowedThreads } from "./allowed-threads.ts";
import { tuneForLoading, tuneForRequests } from "./engine-flags.ts";
import { furtherThread } from "./further-thread.ts";
import { preparedPaths } from "./prepared-paths.ts";
import { loadPod } from "./run-pod.ts";
import { threadStarter } from "./start-thread.ts";
import { writeTerminationMessage } from "./termination-message.ts";

const FAILED_EXIT_CODE = 1;

/** Runs what the shim has put into the container, else what the arguments say. Returns the exit code. */
export async function executorProgram(args: readonly string[], process: NodeJS.Process): Promise<number> {
  const { env } = process;
  const limit = numberIn(env[MEMORY_VARIABLE]);
  const max = allowedThreads({
    processors: availableParallelism(),
    cpus: numberIn(env[CPU_VARIABLE]),
    memoryBytes: limit,
  });
  if (args.length === 0 || args[0] === "prepare") tuneForLoading(); // Who runs it by hand has memory.
  const io = commandIo(process, { threads: { max, start: threadStarter(args) }, ready: readyBy(env[READY_VARIABLE]) });
  return runProgram(args, io, shutdownSignal(process), () => {
    tuneForRequests(limit);
  });
}

/** The same in a further thread. */
export async function executorThread(process: NodeJS.Process): Promise<void> {
  const { host, signal } = furtherThread();
  process.exitCode = await runProgram(process.argv.slice(2), commandIo(process, host), signal, () => undefined);
}

async function runProgram(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
  onLoaded: () => void,
): Promise<number> {
  const { environment: env } = io;
  if (args.length > 0 || !hasGuest(env)) return commandLine(args, io, signal);
  try {
    const files = {
      component: env[COMPONENT_VARIABLE],
      found: preparedPaths(env[PREPARED_VARIABLE]),
      spinApp: env[SPIN_APP_VARIABLE],
    };
    const run = await loadPod(decodeGuest(env), files, io, signal);
    onLoaded();
    return await run();
  } catch (error) {
    const message = messageOf(error).replaceAll(/\s*\n\s*/g, " ");
    io.stderr.write(`${message}\n`);
    writeTerminationMessage(message);
    return FAILED_EXIT_CODE;
  }
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** Closes the descriptor that the shim has given, once. */
function readyBy(fd: string | undefined): () => void {
  let open = fd;
  return () => {
    if (open !== undefined) closeSync(Number(open));
    open = undefined;
  };
}

function commandIo(process: NodeJS.Process, host: ThreadHost): CommandIo {
  const { stdout, stderr, env } = process;
  return {
    // Only commands read it, and only they pay for it.
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
    environment: env,
    ...host,
  };
}
