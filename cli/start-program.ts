import { messageOf } from "@rcm/lib/errors";
import { Stopped } from "./errors.ts";
import type { Program } from "./program.ts";
import { exitCodeOf, runProgram } from "./run-program.ts";

/** What does not end by itself when it is told to, such as somebody else's sign-in, gets this long, in milliseconds. */
const GRACE_MS = 1000;

/** Runs a program as this process. */
export async function startProgram(program: Program): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Who reads our output may have read enough, as `head` does. A full disk has not.
    if (error.code === "EPIPE") process.exit(0);
    stderr.write(`Error: Cannot write the output: ${messageOf(error)}\n`, () => process.exit(1));
  });
  stderr.on("error", () => process.exit(1));
  const io = { stdin, stdout, stderr, env, cwd: process.cwd() };
  process.exitCode = await runProgram(program, process.argv.slice(2), io, stopSignal());
}

/** Aborts when this process is told to stop. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      const stopped = new Stopped(name, `Stopped by ${name}`);
      controller.abort(stopped);
      setTimeout(() => process.exit(exitCodeOf(stopped)), GRACE_MS).unref();
    });
  }
  return controller.signal;
}
