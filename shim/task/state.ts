/** How a process of a container ended: its exit code, or 128 and the signal; and when. */
export interface Exit {
  readonly status: number;
  readonly at: Date;
}

/** Where a process is in its life. `creating` and `starting` are claimed before runc is asked, so a second call fails. */
export type ProcessState =
  | { readonly kind: "creating" }
  | { readonly kind: "created" }
  | { readonly kind: "starting" }
  | { readonly kind: "running" }
  | { readonly kind: "pausing" }
  | { readonly kind: "paused" }
  | { readonly kind: "stopped"; readonly exit: Exit }
  | { readonly kind: "deleted"; readonly exit: Exit };

export type StateKind = ProcessState["kind"];

/** The moves that there are; a process can stop at any time before it has. */
const MOVES: Readonly<Record<StateKind, readonly StateKind[]>> = {
  creating: ["created", "stopped"],
  created: ["starting", "stopped"],
  starting: ["running", "stopped"],
  running: ["pausing", "stopped"],
  pausing: ["paused", "running", "stopped"],
  paused: ["running", "stopped"],
  stopped: ["deleted"],
  deleted: [],
};

export function canMove(from: StateKind, to: StateKind): boolean {
  return MOVES[from].includes(to);
}

/** `containerd.v1.types.Status`. */
const STATUS: Readonly<Record<StateKind, number>> = {
  creating: 1,
  created: 1,
  starting: 1,
  running: 2,
  pausing: 5,
  paused: 4,
  stopped: 3,
  deleted: 3,
};

/** The state as containerd's number for it. */
export function statusOf(kind: StateKind): number {
  return STATUS[kind];
}
