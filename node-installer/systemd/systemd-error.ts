import { CodedError } from "@rcm/lib/errors";

/**
 * What went wrong between us and systemd:
 *
 * - `UNREACHABLE`: no socket, nobody listens, no permission;
 * - `AUTH_REFUSED`: the peer does not take us for root;
 * - `PROTOCOL`: bytes that are no D-Bus, or more of them than we take;
 * - `DISCONNECTED`: the peer went away (it also does when systemd re-executes itself);
 * - `TIMEOUT`: our deadline passed;
 * - `REFUSED`: systemd answered with an error, whose D-Bus name is in `dbusName`;
 * - `INVALID_ARGUMENT`: refused by ourselves, before anything was sent;
 * - `NO_EXIT_CODE`: a command on the host ended without leaving its exit code (killed, or no space left).
 */
export type SystemdErrorCode =
  | "UNREACHABLE"
  | "AUTH_REFUSED"
  | "PROTOCOL"
  | "DISCONNECTED"
  | "TIMEOUT"
  | "REFUSED"
  | "INVALID_ARGUMENT"
  | "NO_EXIT_CODE";

export class SystemdError extends CodedError<SystemdErrorCode> {
  override readonly name = "SystemdError";
  /** Set for `REFUSED`, for example `org.freedesktop.systemd1.NoSuchUnit`. */
  readonly dbusName: string | undefined;

  constructor(code: SystemdErrorCode, message: string, options?: ErrorOptions & { readonly dbusName?: string }) {
    super(code, message, options);
    this.dbusName = options?.dbusName;
  }
}

/** systemd has refused with this D-Bus error. */
export function isRefusal(error: unknown, dbusName: string): boolean {
  return error instanceof SystemdError && error.code === "REFUSED" && error.dbusName === dbusName;
}
