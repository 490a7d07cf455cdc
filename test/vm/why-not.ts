import { exists } from "../cluster/go-program.ts";

export const QEMU = "/usr/bin/qemu-system-x86_64";
export const VIRTIOFSD = "/usr/lib/qemu/virtiofsd";

/** Why this machine cannot have guests; `undefined`: it can. */
export async function whyNoGuests(): Promise<string | undefined> {
  if (process.arch !== "x64") return `its processor is of ${process.arch}, and the kernels are for x64`;
  for (const program of [QEMU, VIRTIOFSD, "/usr/sbin/mke2fs", "/usr/bin/busybox"]) {
    if (!(await exists(program))) return `${program} is missing: scripts/cluster up installs it`;
  }
  return undefined;
}
