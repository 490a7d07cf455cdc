import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const PROGRAM = "/bin/busybox";
/** `e_machine` of what this machine is not, x86-64 or AArch64: https://www.sco.com/developers/gabi/latest/ch4.eheader.html */
const OTHER_MACHINE = process.arch === "arm64" ? 62 : 183;
/** Where an ELF file has `e_machine`. */
const MACHINE_AT = 18;

const MAX_BYTES = 64 * 1024 * 1024;

/** What an archive's entry is made from. */
type Entry =
  | { readonly kind: "text" | "program" | "device"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** A tar.gz as only somebody hostile makes it: paths are taken as they are given. */
export function archiveOf(...entries: readonly Entry[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "rcm-archive-"));
  try {
    for (const [at, entry] of entries.entries()) make(entry, join(folder, `entry${at}`));
    const renames = entries.map(({ path }, at) => `--transform=s|^entry${at}$|${path}|`);
    const names = entries.map((_entry, at) => `entry${at}`);
    return execFileSync("tar", ["-C", folder, "-P", "-czf", "-", ...renames, ...names], { maxBuffer: MAX_BYTES });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function make(entry: Entry, path: string): void {
  if (entry.kind === "text") writeFileSync(path, "hello\n");
  else if (entry.kind === "program") copyFileSync(PROGRAM, path);
  else if (entry.kind === "link") symlinkSync(entry.target, path);
  else execFileSync("mknod", [path, "c", "1", "3"]);
}

/** A program of this machine that is said to be for another. */
export function programForAnotherArchitecture(): Buffer {
  const bytes = readFileSync(PROGRAM);
  bytes.writeUInt16LE(OTHER_MACHINE, MACHINE_AT);
  return gzipSync(bytes);
}
