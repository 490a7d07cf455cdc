import { readFile } from "node:fs/promises";
import { lockFile } from "@rcm/lib/flock";
import type { Lock } from "@rcm/lib/flock";
import { DEADLINES } from "./context.ts";
import type { Context } from "./context.ts";
import { InstallError, fileError } from "./errors.ts";

/** Content of /etc/machine-id: https://www.freedesktop.org/software/systemd/man/latest/machine-id.html */
export async function readMachineId(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** @throws {InstallError} `WrongMachine`: a node's name can outlive its machine. */
export async function checkMachine(path: string, expected: string): Promise<void> {
  const found = await readMachineId(path);
  if (expected === "" || found === expected) return;
  throw new InstallError(
    "WrongMachine",
    `This host has the machine id ${found}, but the node was ${expected} when the Job was made: nothing was changed; it is decided anew for the machine that is there now`,
  );
}

/** Only one installer at a time changes a host. @throws {InstallError} `HostLocked`. */
export async function lockHost({ machineIdPath }: Context, signal: AbortSignal): Promise<Lock> {
  const lock = await lockFile(machineIdPath, DEADLINES.lock, signal);
  if (lock !== undefined) return lock;
  throw new InstallError(
    "HostLocked",
    `Another installer has been at work on this host for ${DEADLINES.lock / 1000} s: it is tried again later`,
  );
}
