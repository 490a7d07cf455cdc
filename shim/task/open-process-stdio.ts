import { openStdio } from "../stdio/open-stdio.ts";
import type { Stdio } from "../stdio/stdio.ts";
import { CONSOLE_FOLDER } from "./container.ts";
import type { IoOwner, TaskHost } from "./container.ts";
import type { TaskProcess } from "./process.ts";

/** Longest time that a logger may take until it is ready, in milliseconds: as long as runc's shim waits. */
const LOGGER_MS = 10_000;

/** Opens input and output of a process that is about to be made. */
export async function openProcessStdio(
  { namespace, reaper, env }: TaskHost,
  { containerId, paths }: TaskProcess,
  { ioUid, ioGid }: IoOwner,
): Promise<Stdio> {
  const { stdin, stdout, stderr, terminal } = paths;
  return openStdio(
    { stdin, stdout, stderr, terminal, containerId, namespace, ioUid, ioGid },
    { spawn: (file, args, options) => reaper.spawnOwn(file, args, options), env, socketFolder: CONSOLE_FOLDER },
    AbortSignal.timeout(LOGGER_MS),
  );
}
