/**
 * What the manager tells the node installer and what it hears back: the whole contract of a node's Job.
 *
 * The Job's pod runs `preflight` (init container), `fetch` (init container), then `install` or `uninstall`. They get
 * their orders as one JSON document in the environment variable `REQUEST_ENV`, and each leaves one JSON document of at
 * most `REPORT_MAX_BYTES` as its termination message.
 */

/** Environment variable that holds the `InstallRequest` as JSON. */
export const REQUEST_ENV = "RCM_REQUEST";

/** Kubernetes cuts a termination message at 4096 bytes: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
export const REPORT_MAX_BYTES = 4096;

/** Folder that the containers of one Job share; `fetch` puts the executable here. */
export const ARTIFACT_DIR = "/artifact";

/** Where the executable lies in `ARTIFACT_DIR`. */
export const ARTIFACT_FILE = "shim";

export type Operation = "install" | "uninstall";

export interface ArtifactSource {
  /** `https:` or `http:` URL of an archive or of the executable itself. */
  readonly location: string;
  /** sha256 of what `location` serves, hex, any case. */
  readonly sha256?: string;
}

export interface InstallRequest {
  readonly operation: Operation;
  /** `metadata.name` of the Shim: the name of the file is `containerd-shim-<shim>`. */
  readonly shim: string;
  readonly shimUid: string;
  /** Name of the runtime in containerd's configuration. */
  readonly handler: string;
  readonly artifact?: ArtifactSource;
  /** `spec.containerdRuntimeOptions`, untyped as in the Shim. */
  readonly options: Readonly<Record<string, string>>;
  /** Hash of the wanted state, which the manager computed; recorded on the node. */
  readonly hash: string;
  /** What the API server knows of the node: fences a name that another machine has taken over. */
  readonly node: {
    readonly name: string;
    readonly uid: string;
    readonly machineId: string;
    readonly architecture: string;
  };
}

/** How far a shim has come on a node; each level includes the ones before. */
export const LEVELS = ["Installed", "Configured", "Loaded", "Proven"] as const;

export type Level = (typeof LEVELS)[number];

/**
 * Why an operation failed. `TERMINAL_REASONS` cannot be cured by trying again with the same spec on the same node.
 */
export const REASONS = [
  // fetch
  "ArtifactNotFound", // 404, 410
  "ArtifactForbidden", // 401, 403
  "ArtifactUnavailable", // connection refused, 5xx, 429, name not resolved
  "ArtifactTimeout",
  "RedirectRefused", // https to http, too many, no Location
  "DigestMismatch",
  "ArtifactTooLarge",
  "ArtifactNotAnArchive", // HTML, text, unknown bytes
  "ArchiveCorrupt", // truncated or damaged
  "ArchiveRefused", // hostile entry
  "ShimNotInArchive",
  "NotExecutable", // not ELF, or damaged ELF
  "WrongArchitecture",
  "RequestInvalid",
  // host
  "WrongMachine",
  "WrongContainerd", // the node's kubelet uses another one
  "HostLocked",
  "DiskFull",
  "ReadOnlyFileSystem",
  "ConfigMissing",
  "ConfigInvalid",
  "ConfigUnsupported", // containerd version or configuration that we cannot edit safely
  "ConfigDrift", // the file was changed since containerd started
  "ConfigGate", // the edit would change more than our handler
  "HandlerConflict", // somebody else's runtime has this name
  "ContainerdUnavailable",
  "SystemdUnavailable",
  "RestartFailed",
  "HandlerNotServed",
  "OrdinaryPodsBroken",
  "ShimBroken", // a sandbox cannot be started through the handler
  "RolledBackByDeadMan",
  "InUse",
  "RecordCorrupt",
  "Interrupted",
  "InternalError",
  // manager
  "NoArtifactForPlatform",
  "InstallerLost", // the Job ended without a report
  "DeadlineExceeded",
  "ImagePullFailed",
  "PodNotStarted",
] as const;

export type Reason = (typeof REASONS)[number];

/** What a look at the node has shown to be broken. */
export const HEALTH_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  "HandlerNotServed",
  "OrdinaryPodsBroken",
  "ShimBroken",
]);

/** Trying again with the same spec cannot help: see {@link isTerminal}. */
export const TERMINAL_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  "DigestMismatch",
  "ArtifactTooLarge",
  "ArtifactNotAnArchive",
  "ArchiveRefused",
  "ShimNotInArchive",
  "NotExecutable",
  "WrongArchitecture",
  "RequestInvalid",
  "RedirectRefused",
  "ConfigGate",
  "NoArtifactForPlatform",
  "HandlerNotServed",
  "OrdinaryPodsBroken",
  "ShimBroken",
]);

/**
 * Whether another try of the same cannot help. A look at a node that changed nothing may have come at a bad time: only a
 * change that was tried and taken back is known to break the node.
 */
export function isTerminal(reason: string | undefined, isRolledBack: boolean): boolean {
  const terminal: ReadonlySet<string | undefined> = TERMINAL_REASONS;
  const ofHealth: ReadonlySet<string | undefined> = HEALTH_REASONS;
  return terminal.has(reason) && (isRolledBack || !ofHealth.has(reason));
}

export interface InstallReport {
  readonly schema: 1;
  readonly operation: Operation | "preflight" | "fetch" | "verify";
  readonly ok: boolean;
  /** Set when `ok` is false. */
  readonly reason?: Reason;
  /** One line: what is the case and what to do. */
  readonly message: string;
  /** The wanted state this report is about. */
  readonly hash: string;
  readonly level?: Level;
  /** sha256 of the executable that is in place. */
  readonly digest?: string;
  /** containerd was restarted this often by this run. */
  readonly restarts: number;
  /** The change was taken back and the node is as it was before. */
  readonly rolledBack: boolean;
  /** Time in which CRI did not answer, in milliseconds. */
  readonly outageMs?: number;
  readonly downloadedBytes?: number;
  readonly durationMs: number;
  /** Pods that hold the handler (`InUse`): `namespace/name`, at most 20. */
  readonly users?: readonly string[];
  /** Pods with containers that ran before a successful install and did not after it: `namespace/name`, at most 10. */
  readonly lostPods?: readonly string[];
  readonly machineId?: string;
  readonly bootId?: string;
}
