import { isBind, isKernelMount, placeOfMount } from "./mounts.ts";
import type { OciMount } from "./oci-spec.ts";
import { visitInRoot, type RootMount, type RootView } from "./rooted-path.ts";

/**
 * Where each mount of a container comes to lie in its image's files, once links in the image (`/var/run` → `/run`) and
 * in volumes mounted before it have been followed inside the image. runc would follow them from the executor's root.
 *
 * @throws {SpecError} `SPEC_UNSUPPORTED` for a mount at `/`, `SPEC_INVALID`, `ROOT_UNREADABLE`.
 */
export function resolveDestinations(rootfs: string, mounts: readonly OciMount[]): readonly string[] {
  const seen: RootMount[] = [];
  const places: string[] = [];
  for (const mount of mounts) {
    const place = placeOfMount(mount);
    const isKernel = isKernelMount(mount);
    const destination = isKernel ? place : visitInRoot({ rootfs, mounts: seen }, mount.destination, (found) => found);
    places.push(placeOfMount({ destination }));
    if (!isKernel) seen.push({ destination, source: isBind(mount) ? mount.source : undefined });
  }
  return places;
}

/** What a process of the container would see. The kernel's own file systems are left out. */
export function rootViewOf(rootfs: string, mounts: readonly OciMount[]): RootView {
  const destinations = resolveDestinations(rootfs, mounts);
  return {
    rootfs,
    mounts: mounts.flatMap((mount, index) => {
      const destination = destinations[index];
      if (destination === undefined || isKernelMount(mount)) return [];
      return [{ destination, source: isBind(mount) ? mount.source : undefined }];
    }),
  };
}
