import type { MountedFile } from "../spec/executor-tree.ts";
import type { OciMount, OciSpec } from "../spec/oci-spec.ts";
import { ALLOWED_CALLS } from "./allowed-calls.ts";

/**
 * Nobody's: above all that users, systemd and the kubelet hand out.
 *
 * @see {@link https://systemd.io/UIDS-GIDS/}
 */
const OWN_ID = 1_900_000_005;
const MEMORY_BYTES = 768 * 1024 * 1024;
/** All that it can write: V8's own files and what it prepared. */
const FILE_BYTES = 256 * 1024 * 1024;
const CPU_S = 60;
const THREADS = 32;
/** A quarter of what a program of the node has, and a fraction of what all pods have: they go first. */
const CPU_SHARES = 256;

/** Where it finds the component. */
const COMPONENT = "/component.wasm";
/** What its root has besides the program, all of it empty: things are mounted on it. */
export const PREPARER_TREE = { folders: ["/dev", "/proc"], files: [COMPONENT] } as const;

export interface PreparerOrder {
  /** Of the container, for the path of its cgroup too. */
  readonly id: string;
  /** Its root on the host. */
  readonly tree: string;
  /** The executor and its libraries. */
  readonly files: readonly MountedFile[];
  /** Program and arguments but the last one, which is the component. */
  readonly command: readonly string[];
  /** Its file on the host, which everybody may read. */
  readonly component: string;
  readonly systemdCgroup: boolean;
  /** Whether runc and the kernel can filter system calls. */
  readonly seccomp: "filter" | "none";
}

/**
 * A container that turns a component into what it writes to its standard output, and can do nothing else: what it parses
 * and runs was written by a stranger. It has no network, no capabilities, no file but those two, nothing of any pod; its
 * user is nobody else's.
 */
export function preparerSpec(order: PreparerOrder): OciSpec {
  const { id, tree, files, command, component } = order;
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: OWN_ID, gid: OWN_ID },
      args: [...command, COMPONENT],
      env: [],
      cwd: "/",
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      noNewPrivileges: true,
      oomScoreAdj: 1000,
      rlimits: [limit("RLIMIT_FSIZE", FILE_BYTES), limit("RLIMIT_CPU", CPU_S), limit("RLIMIT_CORE", 0)],
    },
    root: { path: tree, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "mode=755", "size=64k"] },
      ...files.map(({ source, destination }) => readOnly(source, destination, [])),
      readOnly(component, COMPONENT, ["noexec"]),
    ],
    linux: linuxOf(order, id),
  };
}

function limit(type: string, value: number): object {
  return { type, soft: value, hard: value };
}

function readOnly(source: string, destination: string, more: readonly string[]): OciMount {
  return { destination, type: "bind", source, options: ["rbind", "rprivate", "nosuid", "nodev", "ro", ...more] };
}

function linuxOf({ systemdCgroup, seccomp }: PreparerOrder, id: string): NonNullable<OciSpec["linux"]> {
  return {
    // Empty ones: no path is given to join.
    namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
    cgroupsPath: systemdCgroup ? `system.slice:rcm:${id}` : `/${id}`,
    resources: {
      devices: [{ allow: false, access: "rwm" }],
      memory: { limit: MEMORY_BYTES },
      pids: { limit: THREADS },
      cpu: { shares: CPU_SHARES },
    },
    maskedPaths: [
      "/proc/acpi",
      "/proc/asound",
      "/proc/kcore",
      "/proc/keys",
      "/proc/latency_stats",
      "/proc/sched_debug",
      "/proc/scsi",
      "/proc/timer_list",
      "/proc/timer_stats",
    ],
    readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    ...(seccomp === "filter" ? { seccomp: ALLOWED_CALLS } : {}),
  };
}
