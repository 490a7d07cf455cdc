import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";

/** Where a cluster lives on this machine. */
export interface ClusterSettings {
  /** State, logs and the nodes' disks. Not below /tmp or /run, which the nodes' systemd empties. */
  readonly dir: string;
  /** What is built or downloaded once. */
  readonly cacheDir: string;
}

/**
 * Reads RCM_CLUSTER_DIR and RCM_CACHE.
 *
 * @throws {ClusterError} `USAGE` for a folder that cannot be used.
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): ClusterSettings {
  const dir = checkFolder("RCM_CLUSTER_DIR", env["RCM_CLUSTER_DIR"] ?? "/srv/rcm-cluster");
  const cacheDir = checkFolder("RCM_CACHE", env["RCM_CACHE"] ?? "/var/cache/rcm");
  return { dir, cacheDir };
}

/** The settings of this process: one cluster a machine, so tests and people mean the same one. */
export function currentSettings(): ClusterSettings {
  // oxlint-disable-next-line node/no-process-env -- tests have no main.ts that could hand the two variables down
  return parseSettings(process.env);
}

function checkFolder(variable: string, path: string): string {
  // No colon, comma or blank: the paths become mount options.
  const problem = !/^\/[\w./-]+$/.test(path)
    ? "it must be absolute and of letters, digits and ./_- only"
    : /^\/(tmp|run)(\/|$)/.test(path)
      ? "it must not be below /tmp or /run"
      : undefined;
  if (problem !== undefined) throw new ClusterError("USAGE", `Cannot use ${variable} "${path}": ${problem}`);
  return path;
}

/** Files and folders of a cluster. */
export interface Layout {
  readonly settings: ClusterSettings;
  readonly state: string;
  readonly pki: string;
  readonly log: string;
  readonly run: string;
  readonly images: string;
  readonly nodes: string;
  readonly kubeconfig: string;
}

export function layoutOf(settings: ClusterSettings): Layout {
  const { dir } = settings;
  return {
    settings,
    state: join(dir, "cluster.json"),
    pki: join(dir, "pki"),
    log: join(dir, "log"),
    run: join(dir, "run"),
    images: join(dir, "images"),
    nodes: join(dir, "nodes"),
    kubeconfig: join(dir, "admin.conf"),
  };
}
