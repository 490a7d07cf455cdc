/** A folder that the guest sees. */
export interface Preopen {
  /** File descriptor of the folder, open for as long as guests run. */
  readonly fd: number;
  /** The guest's name for it, such as `/data`. */
  readonly guestPath: string;
  readonly access: "read" | "read-write";
}
