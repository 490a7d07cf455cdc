import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface PodContainer {
  readonly id: string;
  readonly bundle: string;
}

/** Real ones have 10 to 60 KiB. */
const MAX_STATE_BYTES = 4 * 1024 * 1024;

/**
 * The containers that runc has of a pod, by runc's own record of each: its annotations and its bundle are among the
 * labels there.
 *
 * @param root runc's folder of one namespace.
 * @param sandboxId id of the pod's first container, which is not among the result.
 */
export function containersOfPod(root: string, sandboxId: string): readonly PodContainer[] {
  return namesIn(root).flatMap((id) => {
    const labels = id === sandboxId ? [] : labelsIn(join(root, id, "state.json"));
    if (!labels.includes(`io.kubernetes.cri.sandbox-id=${sandboxId}`)) return [];
    const bundle = labels.find((label) => label.startsWith(BUNDLE))?.slice(BUNDLE.length) ?? "";
    return bundle.startsWith("/") ? [{ id, bundle: bundle.replace(/\/executor$/u, "") }] : [];
  });
}

const BUNDLE = "bundle=";

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // runc has made no container yet.
  }
}

function labelsIn(file: string): readonly string[] {
  try {
    if (statSync(file).size > MAX_STATE_BYTES) return [];
    const state: unknown = JSON.parse(readFileSync(file, "utf8"));
    return stringsIn(state);
  } catch {
    return []; // Removed meanwhile, or another runtime's.
  }
}

function stringsIn(state: unknown): readonly string[] {
  if (typeof state !== "object" || state === null || !("config" in state)) return [];
  const { config } = state;
  if (typeof config !== "object" || config === null || !("labels" in config) || !Array.isArray(config.labels)) {
    return [];
  }
  return config.labels.filter((label): label is string => typeof label === "string");
}
