import { messageOf } from "@rcm/lib/errors";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { COMPONENT_VARIABLE, MEMORY_VARIABLE } from "../../spec/executor-layout.ts";
import { decodeGuest } from "../../spec/guest-document.ts";
import { commandLine } from "../command-line.ts";
import type { CommandIo } from "../commands/command-io.ts";
import { tuneForLoading, tuneForRequests } from "./engine-flags.ts";
import { loadPod, runPod } from "./run-pod.ts";

const FAILED_EXIT_CODE = 1;

/** Runs what the shim has put into the container; with arguments, a component by hand. Returns the exit code. */
export async function executorProgram(args: readonly string[], process: NodeJS.Process): Promise<number> {
  tuneForLoading();
  const { stdin, stdout, stderr, env } = process;
  const io: CommandIo = { stdin, stdout, stderr, environment: env };
  const signal = shutdownSignal(process);
  if (args.length > 0) return commandLine(args, io, signal);
  try {
    const pod = loadPod(decodeGuest(env), env[COMPONENT_VARIABLE]);
    const limit = env[MEMORY_VARIABLE];
    tuneForRequests(limit === undefined ? undefined : Number(limit));
    return await runPod(pod, io, signal);
  } catch (error) {
    stderr.write(`${messageOf(error).replaceAll(/\s*\n\s*/g, " ")}\n`);
    return FAILED_EXIT_CODE;
  }
}
