/** A folder of the host that the guest is to see. */
export interface FolderOption {
  readonly hostPath: string;
  /** The guest's name for it, such as `/data`. */
  readonly guestPath: string;
  readonly access: "read" | "read-write";
}

/** The same, opened. */
export interface Preopen {
  /** File descriptor of the folder, open for as long as guests run. */
  readonly fd: number;
  readonly guestPath: string;
  readonly access: "read" | "read-write";
}
