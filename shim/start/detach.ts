import { closeSync, openSync, writeSync } from "node:fs";

/** Set by the launcher, which waits for a byte there: see shim/launcher. */
export const LAUNCHER_FD = "RCM_LAUNCHER_FD";

/**
 * Answers containerd and lets go of it: containerd reads until all holders of the output have closed it, and
 * waits until the process that it started has ended, which is the launcher.
 *
 * @param launcherFd undefined if Node runs the shim's source: it stays in the foreground then.
 */
export function detach(reply: string, launcherFd: string | undefined): void {
  writeSync(1, reply);
  if (launcherFd === undefined) return;
  for (const fd of [0, 1, 2]) closeSync(fd);
  for (const flags of ["r", "w", "w"]) openSync("/dev/null", flags); // They take the numbers that are free: 0, 1, 2.
  const fd = Number(launcherFd);
  writeSync(fd, "0"); // The exit code of the command.
  closeSync(fd);
  process.chdir("/"); // The bundle goes before the shim.
}
