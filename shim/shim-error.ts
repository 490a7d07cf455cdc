import { CodedError } from "@rcm/lib/errors";

/** Why a command of the shim cannot do its work; the message is what containerd shows in the pod's events. */
export class ShimError extends CodedError<"InvalidArgument" | "BundleUnreadable" | "StartFailed"> {
  override readonly name = "ShimError";
}
