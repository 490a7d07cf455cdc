import { shutdownSignal } from "@rcm/lib/shutdown";
import type { Program } from "./program.ts";
import { runProgram } from "./run-program.ts";

/** What does not end by itself when it is told to, such as somebody else's sign-in, gets this long, in milliseconds. */
const GRACE_MS = 1000;

/** Runs a program as this process. */
export async function startProgram(program: Program): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  // Who reads our output may have read enough, as `head` does.
  stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const signal = shutdownSignal(process);
  signal.addEventListener("abort", () => setTimeout(() => process.exit(1), GRACE_MS).unref());
  const io = { stdin, stdout, stderr, env, cwd: process.cwd() };
  process.exitCode = await runProgram(program, process.argv.slice(2), io, signal);
}
