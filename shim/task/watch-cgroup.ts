import type { OomWatch } from "../cgroup/oom-watch.ts";
import { cgroupOfProcess } from "../cgroup/paths.ts";
import type { CgroupPaths } from "../cgroup/paths.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import type { TaskHost } from "./container.ts";
import { publishEvent } from "./publish-event.ts";

/** Finds a new container's cgroup, and tells containerd when the kernel ends one of its processes for want of memory. */
export function watchCgroup(
  host: TaskHost,
  containerId: string,
  pid: number,
): { readonly cgroup: CgroupPaths; readonly oomWatch: OomWatch } {
  const cgroup = cgroupOfProcess(pid, host.cgroupMounts);
  if (cgroup === undefined) {
    const message = `Cannot create container "${containerId}": its process ${pid} has ended`;
    throw new TtrpcError("FAILED_PRECONDITION", message);
  }
  const oomWatch = host.oomWatches.watch(cgroup, () => {
    publishEvent(host, "/tasks/oom", { containerId });
  });
  return { cgroup, oomWatch };
}
