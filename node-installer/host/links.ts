/** A runtime of containerd's CRI plug-in: what a handler starts. */
export interface Runtime {
  readonly runtimeType: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the running containerd says of itself through CRI. */
export interface CriFacts {
  /** For example `1.7.24~ds1`. */
  readonly version: string;
  readonly handlers: readonly string[];
  /** `info.config` of CRI's verbose status: the configuration that is in force, as JSON. */
  readonly configJson: string;
}

export interface Sandbox {
  readonly id: string;
  /** `namespace/name` of the pod. */
  readonly pod: string;
  readonly podUid: string;
  readonly handler: string;
  readonly ready: boolean;
}

export interface RunningContainer {
  readonly id: string;
  readonly pod: string;
  readonly name: string;
}

/** Containerd's socket. */
export interface Cri {
  /** Its path. */
  readonly socket: string;
  /** @throws {InstallError} `ContainerdUnavailable` when it does not answer within `timeoutMs`. */
  facts(timeoutMs: number, signal: AbortSignal): Promise<CriFacts>;
  sandboxes(signal: AbortSignal): Promise<readonly Sandbox[]>;
  runningContainers(signal: AbortSignal): Promise<readonly RunningContainer[]>;
  /** Starts and removes an empty pod through a handler (default runtime if undefined); the error's text, or undefined. */
  probe(handler: string | undefined, signal: AbortSignal): Promise<string | undefined>;
  /** Removes the pods of probes that were killed; only for who holds the host's lock, as all do who probe. */
  removeProbes(signal: AbortSignal): Promise<void>;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ContainerdUnit {
  readonly name: string;
  readonly active: boolean;
  /** The daemon's executable, as the unit starts it. */
  readonly executable: string;
  readonly configPath: string;
}

/** What the installer does on the host beyond its files. In a pod all of it goes through systemd's private socket. */
export interface HostLinks {
  readonly cri: Cri;
  unit(signal: AbortSignal): Promise<ContainerdUnit>;
  /** Runs a command on the host. @throws {InstallError} `SystemdUnavailable`. */
  run(argv: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<CommandResult>;
  /** @throws {InstallError} `RestartFailed`. */
  restart(unit: string, signal: AbortSignal): Promise<void>;
  /** Runs a script on the host after a time, whether this process lives or not, unless it is disarmed. */
  arm(script: string, afterSeconds: number, signal: AbortSignal): Promise<void>;
  /** `fired` if it was too late; the script has ended by then. */
  disarm(signal: AbortSignal): Promise<"disarmed" | "fired" | "absent">;
  /** Waits while the script runs, and takes nothing away. */
  scriptEnd(signal: AbortSignal): Promise<void>;
  /** Starts a script on the host that goes on after this process. */
  detach(unit: string, argv: readonly string[], signal: AbortSignal): Promise<void>;
  close(): void;
}
