import type { DBusConnection } from "./dbus-connection.ts";
import { listFrom, textFrom } from "./dbus-value.ts";
import { callManager } from "./manager-call.ts";
import { SystemdError } from "./systemd-error.ts";

/**
 * The words of the command that a unit's main process runs, whatever variables the unit has them from; undefined where it
 * does not run, or systemd cannot say.
 */
export async function mainCommand(
  bus: DBusConnection,
  { unit, mainPid }: { readonly unit: string; readonly mainPid: number },
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const call = { member: "GetUnitProcesses", signature: "s", args: [unit] };
  const [processes] = await callManager(bus, call, signal).catch(unknownToOldOnes);
  const main = listFrom(processes)
    .map(listFrom)
    .find(([, pid]) => mainPid !== 0 && pid === mainPid);
  return main === undefined ? undefined : wordsOf(textFrom(main[2]));
}

/** It came with systemd 233. */
function unknownToOldOnes(error: unknown): readonly [] {
  if (error instanceof SystemdError) return [];
  throw error;
}

/** Newer versions quote words as a shell does; what is in them stays as it is, but for the quotes. */
export function wordsOf(commandLine: string): readonly string[] {
  return [...commandLine.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replace(/^(["'])(.*)\1$/s, "$2"));
}
