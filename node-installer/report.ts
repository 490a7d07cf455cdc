import { writeFile } from "node:fs/promises";
import { messageOf } from "@rcm/lib/errors";
import { CodedError } from "@rcm/lib/errors";
import { REASONS, REPORT_MAX_BYTES } from "@rcm/lib/install-job";
import type { InstallReport, Reason } from "@rcm/lib/install-job";

/** Where Kubernetes reads a container's last word. */
export const TERMINATION_LOG = "/dev/termination-log";

/** The report of a run that threw. */
export function failureReport(
  base: Pick<InstallReport, "operation" | "hash" | "durationMs">,
  error: unknown,
): InstallReport {
  return {
    schema: 1,
    ...base,
    ok: false,
    reason: reasonOf(error),
    message: messageOf(error),
    restarts: 0,
    rolledBack: false,
  };
}

/** The reason that a thrown error has for the manager. */
export function reasonOf(error: unknown): Reason {
  const known = error instanceof CodedError ? REASONS.find((reason) => reason === error.code) : undefined;
  if (known !== undefined) return known;
  if (error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError")) return "Interrupted";
  return "InternalError";
}

/** The report as JSON that fits a termination message: the message, then the users, are cut. */
export function reportText(report: InstallReport): string {
  const text = JSON.stringify(report);
  if (Buffer.byteLength(text) <= REPORT_MAX_BYTES) return text;
  const shorter = { ...report, message: `${Buffer.from(report.message).subarray(0, 1024).toString("utf8")}…` };
  const cut = JSON.stringify(shorter);
  return Buffer.byteLength(cut) <= REPORT_MAX_BYTES
    ? cut
    : JSON.stringify({ ...shorter, users: report.users?.slice(0, 3) });
}

export async function writeReport(path: string, report: InstallReport): Promise<void> {
  await writeFile(path, reportText(report));
}
