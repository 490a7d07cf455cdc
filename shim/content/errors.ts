import { CodedError } from "@rcm/lib/errors";

/**
 * Why an image's blobs cannot be used. `UNREACHABLE`: containerd does not answer, or knows nothing of the container.
 * `SPEC_UNSUPPORTED`: what the image consists of cannot be run. `CORRUPT`: a blob is not what its digest says.
 */
export class ContentError extends CodedError<"UNREACHABLE" | "SPEC_UNSUPPORTED" | "CORRUPT"> {
  override readonly name = "ContentError";
}
