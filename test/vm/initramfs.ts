import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../cluster/run-command.ts";
import type { Kernel } from "./kernel.ts";

/** Each with what it depends on. */
const MODULES = ["virtio_pci", "virtiofs"];

/** What a guest needs until it has its root, which the host shares: busybox, a few modules, `init.sh`. */
export async function packInitramfs(kernel: Kernel, archive: string, signal: AbortSignal): Promise<void> {
  const root = `${archive}.root`;
  for (const name of ["bin", "dev", "proc", "sys", "new"]) await mkdir(join(root, name), { recursive: true });
  await copyFile("/usr/bin/busybox", join(root, "bin/busybox"));
  const modules = join("lib/modules", kernel.release);
  const dependencies = await readFile(join(kernel.folder, modules, "modules.dep"), "utf8");
  const files = MODULES.flatMap((name) => filesOf(name, dependencies));
  for (const name of ["modules.dep", ...files]) {
    const target = join(root, modules, name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(kernel.folder, modules, name), target);
  }
  const modprobes = MODULES.map((name) => `modprobe ${name}`).join("\n");
  const init = await readFile(join(import.meta.dirname, "init.sh"), "utf8");
  await writeFile(join(root, "init"), init.replace("MODPROBES", modprobes));
  await chmod(join(root, "init"), 0o755);
  const script = `cd "$1" && find . | busybox cpio -o -H newc | gzip -1 > "$2"`;
  await runCommand(["sh", "-c", script, "sh", root, archive], { timeoutMs: 30_000 }, signal);
  await rm(root, { recursive: true });
}

/** Of a module and what it depends on, by lines such as `kernel/fs/fuse/virtiofs.ko: kernel/fs/fuse/fuse.ko`. */
function filesOf(module: string, dependencies: string): readonly string[] {
  const line = dependencies.split("\n").find((text) => text.includes(`/${module}.ko:`));
  if (line === undefined) throw new Error(`Cannot pack module "${module}": the kernel does not have it`);
  return line.replace(":", "").split(" ");
}
