import { glob } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { importPatterns } from "./containerd-config/index.ts";
import type { ConfigFile } from "./containerd-config/index.ts";
import { DEADLINES } from "./context.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { readState } from "./host/atomic-file.ts";
import type { ContainerdUnit, CriFacts } from "./host/links.ts";
import { findUnseen } from "./pod-reach.ts";
import type { Unseen } from "./pod-reach.ts";
import { readRecord } from "./record.ts";
import type { HostRecord } from "./record.ts";

/** What can be read without running anything on the host. */
export interface FileFacts {
  readonly unit: ContainerdUnit;
  /** What the running containerd says; undefined where none has to run. */
  readonly running: CriFacts | undefined;
  /** For example `1.6.20~ds1`. */
  readonly version: string;
  readonly configPath: string;
  /** undefined: there is no such file. */
  readonly mainText: string | undefined;
  readonly dropInFolder: string;
  /** All that lies in the folder for drop-ins, imported or not. */
  readonly dropIns: readonly ConfigFile[];
  /** What the main file imports from below its own folder, in the order of loading. */
  readonly imported: readonly ConfigFile[];
  /** Imports of other folders, as they are written: in a pod these cannot be seen, but containerd reads them. */
  readonly importsElsewhere: readonly string[];
  /** What of the above looks missing or empty because it leads to where a pod has nothing of the host. */
  readonly unseen: Unseen | undefined;
  readonly record: HostRecord;
}

export interface HostFacts extends FileFacts {
  /** `containerd config dump` of what is on disk: the configuration that a restart would put in force. */
  readonly dump: string;
}

export async function inspectHost(context: Context, signal: AbortSignal): Promise<HostFacts> {
  const facts = await inspectFiles(context, signal);
  const path = facts.mainText === undefined ? undefined : facts.configPath;
  return { ...facts, dump: await dumpConfig(context, facts.unit, path, signal) };
}

export async function inspectFiles(context: Context, signal: AbortSignal): Promise<FileFacts> {
  const unit = await context.links.unit(signal);
  const running = context.restart === "auto" ? await context.links.cri.facts(DEADLINES.cri, signal) : undefined;
  const version = running?.version ?? (await installedVersion(context, unit, signal));
  const folder = dirname(unit.configPath);
  const dropInFolder = join(folder, "conf.d");
  const mainText = (await readState(unit.configPath))?.bytes.toString("utf8");
  const patterns = mainText === undefined ? [] : importPatterns({ path: unit.configPath, text: mainText });
  const below = patterns.filter((pattern) => resolve(folder, pattern).startsWith(`${folder}/`));
  const places = below.map((pattern) => resolve(folder, pattern));
  const dropIns = await readFiles([join(dropInFolder, "*.toml")]);
  const imported = await readFiles(places);
  const files = [...dropIns, ...imported].map(({ path }) => path);
  return {
    unit,
    running,
    version,
    configPath: unit.configPath,
    mainText,
    dropInFolder,
    dropIns,
    imported,
    importsElsewhere: patterns.filter((pattern) => !below.includes(pattern)),
    unseen: await findUnseen(context, [unit.configPath, dropInFolder, ...places, ...files]),
    record: await readRecord(context.store.root),
  };
}

/** The files that the patterns match, pattern by pattern, each in the order of its names, as containerd loads them. */
async function readFiles(patterns: readonly string[]): Promise<readonly ConfigFile[]> {
  const files: ConfigFile[] = [];
  for (const pattern of patterns) {
    const paths = await Array.fromAsync(glob(pattern));
    for (const path of paths.toSorted()) {
      files.push({ path, text: (await readState(path))?.bytes.toString("utf8") ?? "" });
    }
  }
  return files;
}

/** `containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1` */
async function installedVersion(context: Context, unit: ContainerdUnit, signal: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await context.links.run(
    [unit.executable, "--version"],
    DEADLINES.command,
    signal,
  );
  const version = /\sv?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (exitCode === 0 && version !== undefined) return version;
  throw new InstallError(
    "ContainerdUnavailable",
    `Cannot ask "${unit.executable}" for its version: ${stderr.trim() || stdout.trim()}`,
  );
}

/**
 * What containerd makes of a configuration file and all that it imports.
 *
 * @param path undefined: containerd's defaults.
 * @throws {InstallError} `ConfigInvalid` with containerd's own words.
 */
export async function dumpConfig(
  context: Context,
  unit: ContainerdUnit,
  path: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const args = path === undefined ? ["config", "default"] : ["--config", path, "config", "dump"];
  const { exitCode, stdout, stderr } = await context.links.run([unit.executable, ...args], DEADLINES.command, signal);
  if (exitCode === 0) return stdout;
  const words = stderr.trim().split("\n").at(-1) ?? "";
  throw new InstallError(
    "ConfigInvalid",
    `Containerd cannot read "${path ?? "its defaults"}": ${words}: repair the file; a restart of containerd would fail on it too`,
  );
}
