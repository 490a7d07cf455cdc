import { CodedError } from "@rcm/lib/errors";

/**
 * What went wrong between us and containerd's CRI:
 *
 * - `UNAVAILABLE`: nobody listens, or the connection broke (also because containerd restarts);
 * - `NOT_SERVED`: containerd is there but its CRI plug-in is not: gRPC `UNIMPLEMENTED`, a broken configuration;
 * - `TIMEOUT`: our deadline passed;
 * - `FAILED`: CRI answered with an error;
 * - `BAD_REPLY`: its answer makes no sense.
 */
export type CriErrorCode = "UNAVAILABLE" | "NOT_SERVED" | "TIMEOUT" | "FAILED" | "BAD_REPLY";

export class CriError extends CodedError<CriErrorCode> {
  override readonly name = "CriError";
  /** What CRI itself said, without our words around it. */
  readonly detail: string;

  constructor(code: CriErrorCode, message: string, options: ErrorOptions & { readonly detail: string }) {
    super(code, message, options);
    this.detail = options.detail;
  }
}
