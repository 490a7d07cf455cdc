import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DEADLINES } from "./context.ts";
import type { Context } from "./context.ts";
import { InstallError, fileError } from "./errors.ts";
import { isNotFound, readState } from "./host/atomic-file.ts";
import type { ContainerdUnit, CriFacts } from "./host/links.ts";
import { readRecord } from "./record.ts";
import type { HostRecord } from "./record.ts";

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

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
  readonly dropIns: readonly TextFile[];
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
  return {
    unit,
    running,
    version,
    configPath: unit.configPath,
    mainText: (await readState(unit.configPath))?.bytes.toString("utf8"),
    dropInFolder,
    dropIns: await readDropIns(dropInFolder),
    record: await readRecord(context.store.root),
  };
}

async function readDropIns(folder: string): Promise<readonly TextFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isNotFound(error)) return [];
    throw fileError("read the folder", folder, error);
  });
  const files = names.filter((name) => name.endsWith(".toml")).toSorted();
  return Promise.all(
    files.map(async (name) => {
      const path = join(folder, name);
      return { path, text: (await readState(path))?.bytes.toString("utf8") ?? "" };
    }),
  );
}

/** `containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1` */
async function installedVersion(context: Context, unit: ContainerdUnit, signal: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await context.links.run([unit.executable, "--version"], DEADLINES.command, signal);
  const version = /\sv?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (exitCode === 0 && version !== undefined) return version;
  throw new InstallError("ContainerdUnavailable", `Cannot ask "${unit.executable}" for its version: ${stderr.trim() || stdout.trim()}`);
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
