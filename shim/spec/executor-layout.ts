/** The folder below the executor's root that has the image's files and the pod's volumes in it. */
export const GUEST_ROOT = "/guest";

/** What the executor's host functions read at its own place, because the C library looks there: names and resolvers. */
export const NAME_FILES = ["/etc/hosts", "/etc/resolv.conf", "/etc/hostname"] as const;

/**
 * What must be in the executor's root before things are mounted on it, because it is read-only: folders (mode 0755), and
 * empty files (0644), besides the `destination` of each of the layout's `files`. All of it belongs to root, and
 * nothing else may write to it: one tree serves all containers of a node.
 */
export const EXECUTOR_TREE = {
  folders: ["/dev", "/etc", GUEST_ROOT, "/proc", "/sys", "/tmp"],
  files: NAME_FILES,
} as const;

/** Where the executor's own files are. Paths on the host unless said otherwise. */
export interface ExecutorLayout {
  /** A folder that has `EXECUTOR_TREE` in it: the executor's root. */
  readonly tree: string;
  /** Files and folders to be mounted read-only into the tree: the program, its loader and libraries, what was prepared. */
  readonly files: readonly { readonly source: string; readonly destination: string }[];
  /** Program and arguments, in the tree. */
  readonly command: readonly string[];
  /** `NAME=value`: all the variables of the process besides the guest's document. */
  readonly env: readonly string[];
}

/** Of the executor's process: the path of the component, if it is not what the guest's first argument means. */
export const COMPONENT_VARIABLE = "RCM_COMPONENT";

/** Of the executor's process: the folder of the Spin application, if the image is one; `writeSpinApp` says what is in it. */
export const SPIN_APP_VARIABLE = "RCM_SPIN_APP";

/**
 * Of the executor's process: the paths of what was prepared of its components, if anything, with `:` between them. Each file has
 * the SHA-256 of its component for a name, in hexadecimal digits.
 */
export const PREPARED_VARIABLE = "RCM_PREPARED";

/** Of the executor's process: the descriptor that it closes once it is at work. */
export const READY_VARIABLE = "RCM_READY_FD";

/** Of the executor's process: processors' worth of time that the container may use, if that is limited. */
export const CPU_VARIABLE = "RCM_CPUS";

/** Of the executor's process: what the container may use, in bytes, if that is limited. */
export const MEMORY_VARIABLE = "RCM_MEMORY_BYTES";
