import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { BuildError } from "../build-error.ts";

const DEADLINE_MS = 300_000;
const MAX_OUTPUT_BYTES = 16 << 20;

export interface CommandOptions {
  readonly cwd?: string;
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 *
 * @throws {BuildError} `COMMAND_FAILED` with the last lines of stderr: it is missing, failed, or ran for over 5 minutes.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<string> {
  try {
    const limits = { signal, timeout: DEADLINE_MS, maxBuffer: MAX_OUTPUT_BYTES };
    const { stdout } = await promisify(execFile)(program, [...args], { ...options, ...limits });
    return stdout;
  } catch (cause) {
    throw new BuildError("COMMAND_FAILED", `Cannot run "${program} ${args.at(-1) ?? ""}": ${whyOf(cause)}`, { cause });
  }
}

function whyOf(reason: unknown): string {
  const { code, killed, stderr } = reason as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === "ENOENT") return "the program is not installed";
  if (killed === true) return "it did not end in time";
  const lastLines = (stderr ?? "").trim().split("\n").slice(-3).join(" | ");
  return lastLines === "" ? `it ended with ${String(code)}` : lastLines;
}
