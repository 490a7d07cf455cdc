import { setFlagsFromString } from "node:v8";
import { messageOf } from "@rcm/lib/errors";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { COMPONENT_VARIABLE } from "../../spec/executor-layout.ts";
import { decodeGuest } from "../../spec/guest-document.ts";
import { commandLine } from "../command-line.ts";
import type { CommandIo } from "../commands/command-io.ts";
import { runPod } from "./run-pod.ts";

/** Preparing has validated the whole component: compiling need not do so again. For a JavaScript engine that is 50 ms. */
const ENGINE_FLAGS = ["--wasm-lazy-validation"];

const FAILED_EXIT_CODE = 1;

/** Runs what the shim has put into the container; with arguments, a component by hand. Returns the exit code. */
export async function executorProgram(args: readonly string[], process: NodeJS.Process): Promise<number> {
  for (const flag of ENGINE_FLAGS) setFlagsFromString(flag);
  const { stdin, stdout, stderr, env } = process;
  const io: CommandIo = { stdin, stdout, stderr, environment: env };
  const signal = shutdownSignal(process);
  if (args.length > 0) return commandLine(args, io, signal);
  try {
    return await runPod({ guest: decodeGuest(env), component: env[COMPONENT_VARIABLE] }, io, signal);
  } catch (error) {
    stderr.write(`${messageOf(error).replaceAll(/\s*\n\s*/g, " ")}\n`);
    return FAILED_EXIT_CODE;
  }
}
