import { dirname } from "node:path";
import { UNFINISHED, UNFINISHED_BY_SCRIPT } from "../host/atomic-file.ts";
import { linkPath } from "../host/store.ts";
import type { Store } from "../host/store.ts";
import { forgetBootUnit, HOST_FOLDERS, spentPath, type HostFolders } from "./boot-restore.ts";
import { journalPath } from "./journal.ts";
import type { FileChange, Journal } from "./journal.ts";
import { quote } from "./shell-word.ts";

/** Written by the script when it ran, so that the next installer knows. */
export const FIRED_FILE = "dead-man-fired";

/**
 * The dead man's switch: a script that the host itself runs when no installer disarms it in time. It restores every
 * file of the journal and the shim's link, and restarts containerd. Plain POSIX sh, because it must run on any host.
 *
 * With the argument `boot` it is run before containerd starts: then it does not restart it, and does nothing if the
 * change is over.
 */
export function deadManScript(
  store: Store,
  journal: Journal,
  unit: string,
  folders: HostFolders = HOST_FOLDERS,
): string {
  return [
    "#!/bin/sh",
    "# Written by the runtime-class manager's node installer. Runs unless it is disarmed.",
    "set -u",
    "when=${1-timer} failed=",
    `forget() { ${forgetBootUnit(unit, folders)}; }`,
    'if [ "$when" = boot ]; then',
    `  : > ${quote(spentPath(folders))}`,
    `  grep -qsF ${quote(journal.id)} ${quote(journalPath(store.root))} || { forget; exit 0; }`,
    "fi",
    ...journal.files.toReversed().flatMap(restoreFile),
    ...journal.folders.toReversed().map((path) => `rmdir ${quote(path)} 2>/dev/null`),
    ...restoreLink(store, journal),
    'if [ "$when" != boot ]; then',
    `  systemctl reset-failed ${quote(unit)}`,
    `  systemctl restart ${quote(unit)}`,
    "fi",
    `date > ${quote(`${store.root}/${FIRED_FILE}`)}`,
    "sync", // Before the unit goes: a boot without it must find all of this on disk.
    '[ -n "$failed" ] || { forget; sync; }', // Else the next boot tries again.
    "",
  ].join("\n");
}

/**
 * Only a file that is as we made it is put back; one that somebody else changed meanwhile stays. What the installer had
 * begun to write goes in any case. As there, a link stays, and the file that it names is replaced: in one step, also
 * where the power fails.
 */
function restoreFile({ path, before, after }: FileChange): string[] {
  const file = quote(path);
  const isOurs =
    after === undefined ? `[ ! -e ${file} ]` : `[ "$(sha256sum ${file} 2>/dev/null | cut -d ' ' -f 1)" = ${after} ]`;
  const begin = [
    `target=$(readlink -f ${file}) || target=${file}`,
    `rm -f "$target"${UNFINISHED}`,
    `if ${isOurs}; then`,
  ];
  if (before === undefined) return [...begin, `  rm -f ${file} || failed=1`, "fi"];
  return [
    ...begin,
    `  new=$target${UNFINISHED_BY_SCRIPT}`,
    `  cp ${quote(before.backup)} "$new" && chown ${before.uid}:${before.gid} "$new" &&`,
    `    chmod ${before.mode.toString(8)} "$new" && { sync "$new" 2>/dev/null || sync; } &&`,
    '    mv -f "$new" "$target" || { rm -f "$new"; failed=1; }',
    "fi",
  ];
}

function restoreLink(store: Store, { shim, link }: Journal): string[] {
  const path = linkPath(store, shim);
  if (link.before === link.after) return [];
  const unfinished = quote(path + UNFINISHED);
  if (link.before === undefined) return [`rm -f ${unfinished} ${quote(path)} || failed=1`];
  const temporary = quote(path + UNFINISHED_BY_SCRIPT);
  return [
    `rm -f ${unfinished}`,
    `mkdir -p ${quote(dirname(path))}`,
    `ln -sf ${quote(link.before)} ${temporary} && mv -f ${temporary} ${quote(path)} || failed=1`,
  ];
}
