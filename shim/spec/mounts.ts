import { posix } from "node:path";
import { quote } from "./check.ts";
import { SpecError } from "./errors.ts";
import type { OciMount } from "./oci-spec.ts";

/** What the executor, like every program, needs at its own place. */
const KERNEL_PLACES = new Set(["/proc", "/sys", "/sys/fs/cgroup", "/dev", "/dev/pts", "/dev/mqueue"]);

/** Whether it shows the kernel and not files of the pod: a new file system, or the host's own at its own place. */
export function isKernelMount(mount: OciMount): boolean {
  const place = placeOfMount(mount);
  return KERNEL_PLACES.has(place) && (!isBind(mount) || mount.source === place);
}

export function isBind({ type, options }: OciMount): boolean {
  return type === "bind" || (options ?? []).some((option) => option === "bind" || option === "rbind");
}

/**
 * Where it is mounted: absolute, without `..`.
 *
 * @throws {SpecError} `SPEC_UNSUPPORTED` for `/`.
 */
export function placeOfMount({ destination }: OciMount): string {
  const place = cleanPath(destination);
  if (place !== "/") return place;
  throw new SpecError(
    "SPEC_UNSUPPORTED",
    `Cannot mount at ${quote(destination)}: a volume cannot take the place of the image: use a folder below it as mountPath`,
  );
}

/** The path as an absolute one without `.`, `..` or empty parts. Links are not looked at. */
export function cleanPath(path: string): string {
  return posix.resolve("/", path);
}
