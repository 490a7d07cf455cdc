import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { GUEST_ROOT } from "../../spec/executor-layout.ts";

/**
 * Where a container says why it ends, unless its `terminationMessagePath` names another place.
 *
 * @see {@link https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/}
 */
const TERMINATION_LOG = join(GUEST_ROOT, "/dev/termination-log");
/** More the kubelet does not read. */
const MAX_BYTES = 4096;

/** Says in the pod's status why the container ends. Where the kubelet has mounted no such file, the log alone says so. */
export function writeTerminationMessage(message: string, path: string = TERMINATION_LOG): void {
  let fd: number | undefined = undefined;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
    writeSync(fd, Buffer.from(message).subarray(0, MAX_BYTES));
  } catch {
    // Nothing can be said of it but what is in the log already.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
