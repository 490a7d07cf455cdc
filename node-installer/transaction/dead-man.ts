import { dirname } from "node:path";
import { linkPath } from "../host/store.ts";
import type { Store } from "../host/store.ts";
import type { FileChange, Journal } from "./journal.ts";

/** Written by the script when it ran, so that the next installer knows. */
export const FIRED_FILE = "dead-man-fired";

/**
 * The dead man's switch: a script that the host itself runs when no installer disarms it in time. It restores every
 * file of the journal and the shim's link, and restarts containerd. Plain POSIX sh, because it must run on any host.
 */
export function deadManScript(store: Store, journal: Journal, unit: string): string {
  return [
    "#!/bin/sh",
    "# Written by the runtime-class manager's node installer. Runs unless it is disarmed.",
    "set -u",
    ...journal.files.toReversed().flatMap(restoreFile),
    ...restoreLink(store, journal),
    `systemctl reset-failed ${quote(unit)}`,
    `systemctl restart ${quote(unit)}`,
    `date > ${quote(`${store.root}/${FIRED_FILE}`)}`,
    "sync",
    "",
  ].join("\n");
}

/** Only a file that is as we made it is put back; one that somebody else changed meanwhile stays. */
function restoreFile({ path, before, after }: FileChange): string[] {
  const file = quote(path);
  const isOurs =
    after === undefined ? `[ ! -e ${file} ]` : `[ "$(sha256sum ${file} 2>/dev/null | cut -d ' ' -f 1)" = ${after} ]`;
  if (before === undefined) return [`if ${isOurs}; then rm -f ${file}; fi`];
  const temporary = quote(`${path}.rcm-dead-man`);
  return [
    `if ${isOurs}; then`,
    `  cp ${quote(before.backup)} ${temporary} && chown ${before.uid}:${before.gid} ${temporary} &&`,
    `    chmod ${before.mode.toString(8)} ${temporary} && mv -f ${temporary} "$(readlink -f ${file} || echo ${file})"`,
    "fi",
  ];
}

function restoreLink(store: Store, { shim, link }: Journal): string[] {
  const path = linkPath(store, shim);
  if (link.before === link.after) return [];
  if (link.before === undefined) return [`rm -f ${quote(path)}`];
  const temporary = quote(`${path}.rcm-dead-man`);
  return [
    `mkdir -p ${quote(dirname(path))}`,
    `ln -s ${quote(link.before)} ${temporary} && mv -f ${temporary} ${quote(path)}`,
  ];
}

/** A word for sh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
