/** Gets packages of any architecture from a Debian mirror and unpacks them. The machine's own apt state stays as it is. */
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../oci-image.ts";
import { replaceFolder } from "./cache-folder.ts";
import { DEBIAN_SUITE, debianSources } from "./debian-mirror.ts";
import { runCommand } from "./run-command.ts";

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Its paragraph as in dpkg's database. */
  readonly control: string;
}

export interface DebianTree {
  /** All packages unpacked into one folder. */
  readonly root: string;
  readonly packages: readonly DebianPackage[];
}

export interface DebianOptions {
  readonly architecture: Architecture;
  readonly names: readonly string[];
  /** Where trees are kept between builds. */
  readonly cache: string;
  /** Ask the mirror for newer versions though the tree is there. */
  readonly refresh: boolean;
  readonly mirror: string | undefined;
}

/**
 * The packages of `DEBIAN_SUITE`, from the cache if they are there.
 *
 * @throws {BuildError} `SOURCE_MISSING` without a mirror, `COMMAND_FAILED` if apt or dpkg-deb fails.
 */
export async function debianTree(options: DebianOptions, signal: AbortSignal): Promise<DebianTree> {
  const folder = join(options.cache, `debian-${DEBIAN_SUITE}-${options.architecture}`);
  const known = options.refresh ? undefined : await readTree(folder, options.names);
  if (known !== undefined) return known;
  async function fill(work: string): Promise<void> {
    await download(work, options, signal);
    await unpack(work, signal);
  }
  async function isCurrent(): Promise<boolean> {
    return !options.refresh && (await readTree(folder, options.names)) !== undefined;
  }
  await replaceFolder(folder, fill, isCurrent);
  const tree = await readTree(folder, options.names);
  if (tree === undefined) throw new Error(`Cannot read "${folder}": it was changed meanwhile`);
  return tree;
}

async function readTree(folder: string, names: readonly string[]): Promise<DebianTree | undefined> {
  const text = await readFile(join(folder, "packages.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const packages = JSON.parse(text) as readonly DebianPackage[];
  const complete = names.every((name) => packages.some((known) => known.name === name));
  return complete ? { root: join(folder, "root"), packages } : undefined;
}

async function download(work: string, options: DebianOptions, signal: AbortSignal): Promise<void> {
  await mkdir(join(work, "lists/partial"), { recursive: true });
  await mkdir(join(work, "cache/archives/partial"), { recursive: true });
  await writeFile(join(work, "sources.list"), `${await debianSources(options.mirror, signal)}\n`);
  const settings = [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${work}/lists`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${work}/cache`,
    `APT::Architecture=${options.architecture}`,
    `APT::Architectures::=${options.architecture}`,
    "APT::Sandbox::User=root", // The user _apt may not write here.
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::Retries=3",
    "Acquire::http::Timeout=30",
  ].flatMap((setting) => ["-o", setting]);
  await runCommand("apt-get", ["--error-on=any", ...settings, "update"], { cwd: work }, signal);
  await runCommand("apt-get", [...settings, "download", ...options.names], { cwd: work }, signal);
  await rm(join(work, "lists"), { recursive: true });
  await rm(join(work, "cache"), { recursive: true });
}

async function unpack(work: string, signal: AbortSignal): Promise<void> {
  const packages: DebianPackage[] = [];
  for (const deb of (await readdir(work)).filter((name) => name.endsWith(".deb")).toSorted()) {
    const control = await runCommand("dpkg-deb", ["--field", deb], { cwd: work }, signal);
    await runCommand("dpkg-deb", ["--extract", deb, "root"], { cwd: work }, signal);
    packages.push({
      name: field(control, "Package"),
      version: field(control, "Version"),
      architecture: field(control, "Architecture"),
      control,
    });
  }
  await writeFile(join(work, "packages.json"), JSON.stringify(packages));
}

function field(control: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(control)?.[1] ?? "";
}
