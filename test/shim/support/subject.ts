import { copyFile, link, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../cluster/run-command.ts";

/** The file name that containerd's runtime type `io.containerd.spin.v2` means. */
const NAME = "containerd-shim-spin-v2";
const TOP = join(import.meta.dirname, "../../..");
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** Our shim as it is delivered, once it is built for this run. */
let building: Promise<string> | undefined;

/**
 * Puts the shim that is tested into `folder`, by rename; returns its path. RCM_SHIM says which it is:
 *
 * - not set: ours, which is built from the sources first;
 * - a path: that executable;
 * - `runc`: runc's own, `runcShim`, under our name. So the tests test themselves: they must pass with it.
 */
export async function installSubject(folder: string, runcShim: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const target = join(folder, NAME);
  const part = `${target}.part`;
  const wanted = subjectName() ?? (await builtShim());
  const source = wanted === "runc" ? runcShim : wanted;
  // It is large: another name for the same file will do where that is possible.
  await link(source, part).catch(async () => copyFile(source, part));
  await rename(part, target);
  await rm(part, { force: true }); // A rename between two names of one file does nothing.
  return target;
}

/** Whether the shim under test is runc's, so that what only ours has is not asked of it. */
export function subjectIsRunc(): boolean {
  return subjectName() === "runc";
}

/** Deletes what was built for this run. */
export async function removeBuiltShim(): Promise<void> {
  if (building !== undefined) await rm(join(await building, ".."), { recursive: true, force: true });
}

function subjectName(): string | undefined {
  // oxlint-disable-next-line node/no-process-env -- tests have no main.ts that could hand the variable down
  return process.env["RCM_SHIM"];
}

async function builtShim(): Promise<string> {
  building ??= buildShim();
  return building;
}

async function buildShim(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rcm-shim-"));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const options = { timeoutMs: BUILD_TIMEOUT_MS };
  const signal = AbortSignal.timeout(BUILD_TIMEOUT_MS);
  const build = [join(TOP, "scripts/build"), "shim", "--arch", architecture, "--shim-out", folder];
  await runCommand(build, options, signal);
  const archive = `${NAME}-linux-${architecture === "amd64" ? "x86_64" : "aarch64"}.tar.gz`;
  await runCommand(["tar", "-C", folder, "-xzf", join(folder, archive)], options, signal);
  await rm(join(folder, archive));
  return join(folder, NAME);
}
