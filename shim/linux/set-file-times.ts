import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/utimensat.2.html */
const UTIME_NOW = (1n << 30n) - 1n;
const UTIME_OMIT = (1n << 30n) - 2n;
const AT_EMPTY_PATH = 0x1000;

const EMPTY_PATH = Buffer.of(0);

const utimensat = libcFunction("utimensat", { arguments: ["i32", "pointer", "pointer", "i32"], return: "i32" });

/** `seconds` since 1970, below 2^63; `nanoseconds` below 10^9. */
type FileTime = "keep" | "now" | { readonly seconds: bigint; readonly nanoseconds: number };

/**
 * Sets the times of what `fd` is open for, to the nanosecond. It may be a symbolic link, or opened with O_PATH: needs
 * Linux 5.8.
 *
 * @throws {LinuxError}
 */
export function setFileTimes(
  fd: number,
  { access, modification }: { readonly access: FileTime; readonly modification: FileTime },
): void {
  const times = BigInt64Array.of(...timespecOf(access), ...timespecOf(modification));
  checkResult(utimensat()(fd, EMPTY_PATH, times, AT_EMPTY_PATH), () => `set the times of fd ${fd}`);
}

function timespecOf(time: FileTime): readonly [seconds: bigint, nanoseconds: bigint] {
  if (time === "keep") return [0n, UTIME_OMIT];
  if (time === "now") return [0n, UTIME_NOW];
  return [time.seconds, BigInt(time.nanoseconds)];
}
