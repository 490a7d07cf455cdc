import { LinuxError } from "./errors.ts";

const MAX_SIGNAL = 64;

/**
 * Sends a signal by number. Safe against a reused pid only for a child that has not been reaped.
 *
 * @returns false when there is no such process.
 * @throws {LinuxError} `EINVAL` for what is no pid or no signal, `EPERM`.
 */
export function sendSignal(pid: number, signal: number): boolean {
  const action = `send signal ${signal} to process ${pid}`;
  // 0 and negative ones mean groups of processes.
  if (!isWholeIn(pid, 1, Number.MAX_SAFE_INTEGER)) throw new LinuxError("EINVAL", action, "it is no pid");
  if (!isWholeIn(signal, 0, MAX_SIGNAL)) throw new LinuxError("EINVAL", action, "there is no such signal");
  try {
    return process.kill(pid, signal);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ESRCH") return false;
    throw code === "EPERM" ? new LinuxError("EPERM", action, "operation not permitted") : error;
  }
}

function isWholeIn(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
