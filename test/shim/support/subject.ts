import { chmod, copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** The file name that containerd's runtime type `io.containerd.spin.v2` means. */
const NAME = "containerd-shim-spin-v2";
const TOP = join(import.meta.dirname, "../../..");

/**
 * Puts the shim that is tested into `folder`, by rename; returns its path. RCM_SHIM says which it is:
 *
 * - not set: ours as the sources are, bundled, behind a small script that runs it by this Node;
 * - a path: that executable, which may be one that was built;
 * - `runc`: runc's own, `runcShim`, under our name. So the tests test themselves: they must pass with it.
 */
export async function installSubject(folder: string, runcShim: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const target = join(folder, NAME);
  const part = `${target}.part`;
  const wanted = subjectName();
  if (wanted === undefined) await writeScript(part);
  else await copyFile(wanted === "runc" ? runcShim : wanted, part);
  await chmod(part, 0o755);
  await rename(part, target);
  return target;
}

/** Whether the shim under test is runc's, so that what only ours has is not asked of it. */
export function subjectIsRunc(): boolean {
  return subjectName() === "runc";
}

function subjectName(): string | undefined {
  // oxlint-disable-next-line node/no-process-env -- tests have no main.ts that could hand the variable down
  return process.env["RCM_SHIM"];
}

async function writeScript(script: string): Promise<void> {
  const bundle = join(dirname(script), "shim.cjs");
  await build({
    absWorkingDir: TOP,
    entryPoints: ["shim/main.ts"],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node26",
    logLevel: "silent",
  });
  const node = [process.execPath, ...NODE_FLAGS].join(" ");
  await writeFile(script, `#!/bin/sh\nexec ${node} ${bundle} "$@"\n`);
}

/** containerd reads what \`start\` writes to stderr as the address: no warnings. */
const NODE_FLAGS = ["--no-warnings", "--experimental-ffi", "--max-semi-space-size=1"];
