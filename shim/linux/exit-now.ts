import { libcFunction } from "./libc.ts";

const exit = libcFunction("_exit", { arguments: ["i32"], return: "void" });

/**
 * Ends this process at once. `process.exit()` first takes Node apart, and waits for V8's threads: of the containers that ran a
 * command for a moment, some never ended, for such a thread slept and nobody woke it.
 *
 * As with `process.exit()`, what a full pipe did not take yet is lost: see `flushed`.
 */
export function exitNow(code: number): void {
  exit()(code);
}
