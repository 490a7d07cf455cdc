import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import type { Context } from "../context.ts";
import type { CommandResult } from "../host/links.ts";
import type { Store } from "../host/store.ts";
import { quote } from "./shell-word.ts";

/** Folders of the host, which a pod does not see: the host writes there itself. */
export interface HostFolders {
  readonly units: string;
  /** Empty after each boot. */
  readonly run: string;
}

export const HOST_FOLDERS: HostFolders = { units: "/etc/systemd/system", run: "/run" };

const BOOT_UNIT = "rcm-restore.service";
const SCRIPT_MAX_SEC = 90;

/**
 * A unit that runs the dead man's script before containerd starts, for the switch itself does not outlive a boot. It
 * only is wanted by containerd: if it fails, containerd starts all the same.
 *
 * @param unit that of containerd.
 */
export function bootUnit({ root }: Store, script: string, unit: string, folders: HostFolders = HOST_FOLDERS): string {
  return [
    "# Written by the runtime-class manager's node installer. Goes with the change that it guards.",
    "[Unit]",
    "Description=runtime-class-manager: take back a change that a boot interrupted",
    "DefaultDependencies=no", // As early as can be: nothing that waits for containerd may be waited for.
    `RequiresMountsFor=${root}`,
    "After=local-fs.target",
    `Before=${unit} shutdown.target`,
    "Conflicts=shutdown.target",
    `ConditionPathExists=${script}`,
    `ConditionPathExists=!${spentPath(folders)}`,
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=/bin/sh ${script} boot`,
    `TimeoutStartSec=${SCRIPT_MAX_SEC}`,
    "",
  ].join("\n");
}

/**
 * While it is there the unit does nothing: in the boot in which it was made, should systemd get to know it by a
 * daemon-reload and start it with containerd, and once it has run.
 */
export function spentPath({ run }: HostFolders): string {
  return `${run}/rcm-restore.spent`;
}

/** For sh: puts the unit, its text in `$1`, where the next boot finds it, also if the power is lost right after. */
export function placeBootUnit(unit: string, folders: HostFolders = HOST_FOLDERS): string {
  const { file, wants, link } = pathsOf(unit, folders);
  const steps = [
    `: > ${quote(spentPath(folders))}`,
    `mkdir -p ${quote(wants)}`,
    `printf %s "$1" > ${quote(file)}`,
    `ln -sfn ${quote(`../${BOOT_UNIT}`)} ${quote(link)}`,
    `{ sync ${quote(file)} ${quote(wants)} ${quote(folders.units)} 2>/dev/null || sync; }`,
  ];
  return `${steps.join(" && ")} && exit 0\n${forgetBootUnit(unit, folders)}\nexit 1`;
}

/** For sh: takes the unit away, and as systemd does the folder of the link if nothing else is in it. */
export function forgetBootUnit(unit: string, folders: HostFolders = HOST_FOLDERS): string {
  const { file, wants, link } = pathsOf(unit, folders);
  return `rm -f ${quote(link)} ${quote(file)}; rmdir ${quote(wants)} 2>/dev/null`;
}

function pathsOf(unit: string, { units }: HostFolders): { file: string; wants: string; link: string } {
  const wants = `${units}/${unit}.wants`;
  return { file: `${units}/${BOOT_UNIT}`, wants, link: `${wants}/${BOOT_UNIT}` };
}

/** Makes the next boot run the script, if the host lets us: without it there still is the dead man's switch. */
export async function armBootRestore(
  context: Context,
  script: string,
  unit: string,
  signal: AbortSignal,
): Promise<void> {
  const text = bootUnit(context.store, script, unit);
  try {
    await onHost(context, [placeBootUnit(unit), "sh", text], signal);
  } catch (error) {
    signal.throwIfAborted();
    context.log.warn("A boot would not take the change back", { error: messageOf(error) });
  }
}

/** Not to be able to is no failure of the change: without its script or journal the unit does nothing. */
export async function disarmBootRestore(context: Context, unit: string, signal: AbortSignal): Promise<void> {
  if (context.restart === "never") return; // Nothing was armed.
  try {
    await onHost(context, [disarmScript(unit)], signal);
  } catch (error) {
    context.log.warn("The unit for the next boot stays", { error: messageOf(error) });
  }
}

/** For sh: fails where the unit stays. It goes for good: once the journal is gone nobody would look for it. */
export function disarmScript(unit: string, folders: HostFolders = HOST_FOLDERS): string {
  const steps = [
    forgetBootUnit(unit, folders),
    `rm -f ${quote(spentPath(folders))}`,
    `{ sync ${quote(folders.units)} 2>/dev/null || sync; }`,
    `[ ! -e ${quote(pathsOf(unit, folders).file)} ]`,
  ];
  return steps.join("; ");
}

async function onHost({ links }: Context, words: readonly string[], signal: AbortSignal): Promise<void> {
  const result = await links.run(["/bin/sh", "-c", ...words], DEADLINES.command, signal);
  if (result.exitCode !== 0) throw new Error(problemOf(result));
}

function problemOf({ exitCode, stderr }: CommandResult): string {
  return stderr.trim() === "" ? `exit code ${exitCode}` : stderr.trim();
}
