/** A flag of the manager's command line. */
export interface Flag {
  /** What stands for the value in the help. */
  readonly value: string;
  readonly help: string;
  readonly default?: string;
  /** Used where the flag is absent; upstream's names among them. */
  readonly env?: string;
}

/** In the order of the help. */
export const FLAGS = {
  namespace: { value: "NAME", help: "namespace of the installer's Jobs and of the lease", env: "POD_NAMESPACE" },
  "installer-image": { value: "IMAGE", help: "image of the node installer", env: "SHIM_NODE_INSTALLER_IMAGE" },
  "installer-image-pull-policy": { value: "POLICY", help: "Always, IfNotPresent or Never", default: "IfNotPresent" },
  "image-pull-secrets": { value: "NAMES", help: "Secrets for the installer's image, with commas between", default: "" },
  "installer-service-account": {
    value: "NAME",
    help: "service account of the installer's pods; it needs no permission and gets no token",
    default: "node-installer",
  },
  "installer-priority-class": {
    value: "NAME",
    help: "priority class of the installer's pods; empty for none",
    default: "system-node-critical",
  },
  "max-concurrent-jobs": { value: "NUMBER", help: "installers that run in the cluster at a time", default: "100" },
  "job-ttl-seconds": {
    value: "SECONDS",
    help: "how long a finished Job is kept for its logs, at least 60",
    default: "3600",
    env: "SHIM_NODE_INSTALLER_JOB_TTL",
  },
  "job-deadline-seconds": { value: "SECONDS", help: "an installer that takes longer is stopped", default: "900" },
  "fetch-config-map": {
    value: "NAME",
    help: "ConfigMap whose keys are environment variables of the download: proxies, NUM_RETRY, SLEEP_DURATION",
    default: "",
    env: "SHIM_DOWNLOADER_CONFIG_MAP",
  },
  "ca-config-map": {
    value: "NAME",
    help: "ConfigMap with ca.crt: certificates that the download trusts besides the public ones",
    default: "",
  },
  "leader-elect": { value: "BOOL", help: "only one of several managers acts", default: "true" },
  "leader-elect-lease-duration": { value: "TIME", help: "a silent leader is left alone for so long", default: "15s" },
  "leader-elect-renew-deadline": { value: "TIME", help: "a leader that cannot renew gives up after", default: "10s" },
  "leader-elect-retry-period": { value: "TIME", help: "time between two tries", default: "2s" },
  "metrics-address": { value: "HOST:PORT", help: "where /metrics is served", default: ":8080" },
  "health-address": { value: "HOST:PORT", help: "where /healthz and /readyz are served", default: ":8081" },
  "log-level": { value: "LEVEL", help: "debug, info, warn or error", default: "info" },
  kubeconfig: { value: "FILE", help: "how to reach the API server from outside of the cluster", default: "" },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof FLAGS;

export const HELP = [
  "Usage: manager [FLAG]...",
  "",
  "Provisions the nodes of a Kubernetes cluster with the containerd shims that Shim objects ask for, and makes",
  "Deployments and Services of SpinApps.",
  "",
  ...Object.entries<Flag>(FLAGS).map(([name, flag]) => helpOf(name, flag)),
  helpOf("help", { value: "", help: "prints this" }),
  helpOf("version", { value: "", help: "prints the version" }),
].join("\n");

function helpOf(name: string, { value, help, default: preset = "", env = "" }: Flag): string {
  const notes = [preset === "" ? "" : `default ${preset}`, env === "" ? "" : `or ${env} in the environment`];
  const note = notes.filter((text) => text !== "").join(", ");
  return `  --${name}${value === "" ? "" : `=${value}`}\n        ${help}${note === "" ? "" : ` (${note})`}`;
}
