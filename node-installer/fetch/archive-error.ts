import { CodedError } from "@rcm/lib/errors";

/** What is wrong with an archive, whatever it is called and wherever it came from. */
export class ArchiveError extends CodedError<
  | "ArtifactTooLarge"
  | "ArtifactNotAnArchive"
  | "ArchiveCorrupt"
  | "ArchiveRefused"
  | "ShimNotInArchive"
  | "NotExecutable"
> {
  override readonly name = "ArchiveError";
}
