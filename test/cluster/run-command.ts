import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { ClusterError } from "./cluster-error.ts";

export interface CommandOptions {
  /** The command is killed after this. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  /** The whole environment, not an addition. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input. Without it and `stdinFile` there is none. */
  readonly stdin?: string;
  readonly stdinFile?: string;
}

export interface CommandResult {
  /** 128 + number as in a shell is not used: a command that a signal ended has code -1. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end, whatever its exit code.
 *
 * @throws {ClusterError} `COMMAND_FAILED` if it cannot be started, `DEADLINE_EXCEEDED` after `timeoutMs`.
 */
export async function tryCommand(
  argv: readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const [program = "", ...args] = argv;
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const input = options.stdinFile === undefined ? undefined : await open(options.stdinFile);
  try {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: [input?.fd ?? "pipe", "pipe", "pipe"],
      signal: AbortSignal.any([deadline, signal]),
      killSignal: "SIGKILL",
    });
    // A command that does not read its input closes it early: its exit code tells what matters.
    child.stdin?.on("error", () => undefined).end(options.stdin);
    const exited = once(child, "close") as Promise<[number | null]>;
    const [[code], stdout, stderr] = await Promise.all([exited, textOf(child.stdout), textOf(child.stderr)]);
    return { code: code ?? -1, stdout, stderr };
  } catch (error) {
    signal.throwIfAborted();
    const [errorCode, why] = deadline.aborted
      ? (["DEADLINE_EXCEEDED", `it did not end within ${String(options.timeoutMs / 1000)} s`] as const)
      : (["COMMAND_FAILED", "it cannot be started"] as const);
    throw new ClusterError(errorCode, `Cannot run "${argv.join(" ")}": ${why}`, { cause: error });
  } finally {
    await input?.close();
  }
}

async function textOf(stream: Readable | null): Promise<string> {
  return stream === null ? "" : text(stream);
}

/**
 * Runs a command that must succeed and returns its standard output.
 *
 * @throws {ClusterError} `COMMAND_FAILED` with the end of its standard error; as `tryCommand`.
 */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await tryCommand(argv, options, signal);
  if (code === 0) return stdout;
  const said = (stderr.trim() === "" ? stdout : stderr).trim().slice(-1500);
  throw new ClusterError("COMMAND_FAILED", `Cannot run "${argv.join(" ")}": exit code ${String(code)}: ${said}`);
}
