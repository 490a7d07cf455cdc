import { CodedError, hasCode } from "@rcm/lib/errors";

/**
 * Why an image's blobs cannot be used. `UNREACHABLE`: containerd does not answer, or knows nothing of the container.
 * `SPEC_UNSUPPORTED`: what the image consists of cannot be run. `CORRUPT`: a blob is not what its digest says, or makes
 * no sense. `DISK_FULL`: the node has no room for it.
 */
export class ContentError extends CodedError<"UNREACHABLE" | "SPEC_UNSUPPORTED" | "CORRUPT" | "DISK_FULL"> {
  override readonly name = "ContentError";
}

/** What was thrown while `folder` was written to, said so that people know what to do. */
export function fromDisk(folder: string, error: unknown): unknown {
  if (!hasCode(error, "ENOSPC", "EDQUOT")) return error;
  const message = `Cannot keep the image's Wasm in "${folder}": the disk is full: make room on the node, or remove unused images`;
  return new ContentError("DISK_FULL", message, { cause: error });
}
