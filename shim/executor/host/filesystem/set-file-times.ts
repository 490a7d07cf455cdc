/** A time of a file as it is to be; `seconds` since 1970. */
export type FileTime = "keep" | "now" | { readonly seconds: bigint; readonly nanoseconds: number };

/** Access and modification time. */
export interface FileTimes {
  readonly access: FileTime;
  readonly modification: FileTime;
}

/**
 * Sets the times of what `fd` is open for, which may be a symbolic link that was opened with O_PATH.
 *
 * @throws {Error} with the name of the errno as `code`
 */
export type SetFileTimes = (fd: number, times: FileTimes) => void;
