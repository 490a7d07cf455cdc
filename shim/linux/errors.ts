import { constants } from "node:os";
import { getSystemErrorMessage } from "node:util";
import { CodedError } from "@rcm/lib/errors";

type ErrnoName = keyof typeof constants.errno;

/** A Linux call failed: `code` is the name of its errno, such as `ENOENT`; `UNKNOWN` for one that Node does not name. */
export class LinuxError extends CodedError<ErrnoName | "UNKNOWN"> {
  override readonly name = "LinuxError";

  /** @param action what was tried and with which arguments, as in `mount "overlay" at "/a"`. */
  constructor(code: ErrnoName | "UNKNOWN", action: string, reason: string) {
    super(code, `Cannot ${action}: ${reason} (${code})`);
  }
}

/** The error of a call that set errno to `errno`. */
export function linuxErrorFrom(errno: number, action: string): LinuxError {
  const [name = "UNKNOWN"] = Object.entries(constants.errno).find(([, value]) => value === errno) ?? [];
  return isErrnoName(name)
    ? new LinuxError(name, action, getSystemErrorMessage(-errno))
    : new LinuxError("UNKNOWN", action, `errno ${errno}`);
}

function isErrnoName(name: string): name is ErrnoName {
  return name in constants.errno;
}
