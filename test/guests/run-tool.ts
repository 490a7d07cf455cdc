import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { retryDownloads } from "../cluster/retry-downloads.ts";

const TOOL_MS = 600_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program to its end; again, a few times, where the network has failed what it downloads. */
export async function runTool(program: string, args: readonly string[], cwd: string): Promise<void> {
  await retryDownloads(async () => runOnce(program, args, cwd));
}

async function runOnce(program: string, args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(program, args, { cwd, timeout: TOOL_MS, maxBuffer: MAX_OUTPUT_BYTES });
  } catch (cause) {
    const output = cause instanceof Error && "stderr" in cause ? String(cause.stderr).slice(-4_000) : "";
    throw new Error(`Cannot run "${program} ${args.join(" ")}": ${output}`, { cause });
  }
}
