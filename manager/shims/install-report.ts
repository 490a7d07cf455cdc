import type { InstallReport } from "@rcm/lib/install-job";
import { hasFields, isAmount, isBoolean, isLevel, isText, isWord, type Fields } from "./json-fields.ts";

/**
 * The report in a container's termination message. A node decides what its pods' messages say, and may have been taken
 * over: a text that breaks the contract of `InstallReport` is no report (undefined).
 */
export function parseReport(text: string | undefined): InstallReport | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isReport(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Those that the manager reads. Lists of pods are checked where they are read: see `podNames()`. */
const FIELDS: Fields = {
  required: {
    schema: (value) => value === 1,
    ok: isBoolean,
    message: isText,
    restarts: isAmount,
    durationMs: isAmount,
  },
  // Another version of the installer may have reasons that we do not know.
  optional: { reason: isWord, digest: isWord, level: isLevel, rolledBack: isBoolean, outageMs: isAmount },
};

function isReport(value: unknown): value is InstallReport {
  return hasFields(value, FIELDS);
}
