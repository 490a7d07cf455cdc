import { CodedError } from "@rcm/lib/errors";

/** `PATH_INVALID`: a spec's cgroupsPath; `NOT_A_CONTAINER`: a cgroup that must not be killed. */
export class CgroupError extends CodedError<"PATH_INVALID" | "NOT_A_CONTAINER" | "STILL_ALIVE"> {
  override readonly name = "CgroupError";
}
