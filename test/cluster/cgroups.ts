import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { pollUntil } from "./poll-until.ts";

/** One cgroup tree of the machine: one of several of version 1, or the one of version 2. */
export interface Hierarchy {
  /** Its mount point, e.g. /sys/fs/cgroup/memory. */
  readonly path: string;
  readonly type: "cgroup" | "cgroup2";
  /** What `mount -o` takes to mount it again: `memory`, `none,name=systemd`; `-` for nothing. */
  readonly options: string;
}

/** Everything that belongs to a cluster is below this group in every hierarchy: that is how leftovers are found. */
const OUR_GROUP = "rcm-cluster";

/** The hierarchies that /proc/self/mountinfo lists below /sys/fs/cgroup. */
export function parseHierarchies(mountinfo: string): Hierarchy[] {
  return mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [left = "", right = ""] = line.split(" - ");
    const path = left.split(" ")[4] ?? "";
    const [type, , superOptions = ""] = right.split(" ");
    if (!/^\/sys\/fs\/cgroup(\/|$)/.test(path)) return [];
    if (type === "cgroup2") return [{ path, type, options: "-" }];
    if (type !== "cgroup") return [];
    const controllers = superOptions
      .split(",")
      .filter((word) => !["rw", "ro", "xattr", "clone_children"].includes(word));
    const named = controllers.filter((word) => !word.startsWith("release_agent="));
    const options = named.some((word) => word.startsWith("name=")) ? ["none", ...named] : named;
    return [{ path, type, options: options.join(",") }];
  });
}

/** @throws {ClusterError} `MACHINE_UNFIT` if there is none. */
export async function readHierarchies(): Promise<Hierarchy[]> {
  const hierarchies = parseHierarchies(await readFile("/proc/self/mountinfo", "utf8"));
  if (hierarchies.length > 0) return hierarchies;
  throw new ClusterError("MACHINE_UNFIT", `Cannot use this machine: no cgroups are mounted below "/sys/fs/cgroup"`);
}

/** Makes the group of a node or of the control plane in every hierarchy; returns the folders, e.g. for `cgroup.procs`. */
export async function makeGroup(name: string): Promise<string[]> {
  const hierarchies = await readHierarchies();
  return Promise.all(
    hierarchies.map(async ({ path, type }) => {
      const ours = join(path, OUR_GROUP);
      const group = join(ours, name);
      if (type === "cgroup2") await delegate(path);
      await mkdir(ours, { recursive: true });
      if (type === "cgroup2") await delegate(ours);
      else await copyCpuset(path, ours);
      await mkdir(group, { recursive: true });
      if (type === "cgroup") await copyCpuset(ours, group);
      return group;
    }),
  );
}

/** A cpuset group takes no process before both files are filled. */
async function copyCpuset(parent: string, group: string): Promise<void> {
  for (const name of ["cpuset.cpus", "cpuset.mems"]) {
    const value = await readFile(join(parent, name), "utf8").catch(() => undefined);
    if (value !== undefined) await writeFile(join(group, name), value);
  }
}

/** Hands all controllers of a version 2 group down; a controller that cannot be handed down is left out. */
async function delegate(group: string): Promise<void> {
  const controllers = (await readFile(join(group, "cgroup.controllers"), "utf8"))
    .split(/\s+/)
    .filter((word) => word !== "");
  for (const name of controllers) {
    await writeFile(join(group, "cgroup.subtree_control"), `+${name}`).catch(() => undefined);
  }
}

/** Kills every process in the group (all groups of ours without a name) and removes it everywhere. */
export async function removeGroup(name: string, signal: AbortSignal): Promise<void> {
  const groups = (await readHierarchies()).map(({ path }) => join(path, OUR_GROUP, name));
  await pollUntil(
    { what: `the processes of ${OUR_GROUP}/${name} to end`, timeoutMs: 20_000, intervalMs: 20, see: "ps" },
    async () => ((await killAll(groups)) === 0 ? true : undefined),
    signal,
  );
  // A moment after its last process a group may still be busy.
  await pollUntil(
    { what: `the groups ${OUR_GROUP}/${name} to go`, timeoutMs: 10_000, intervalMs: 20, see: groups.join(" ") },
    async () => {
      await Promise.all(groups.map(removeTree));
      return true;
    },
    signal,
  );
}

async function killAll(groups: readonly string[]): Promise<number> {
  const pids = new Set((await Promise.all(groups.map(processesBelow))).flat());
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended in between.
    }
  }
  return pids.size;
}

async function processesBelow(group: string): Promise<number[]> {
  const lists = await Promise.all(
    (await treeOf(group)).map(async (folder) => readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "")),
  );
  return lists
    .flatMap((list) => list.split("\n"))
    .flatMap((line) => (line === "" || line === "0" ? [] : [Number(line)]));
}

async function removeTree(group: string): Promise<void> {
  for (const folder of (await treeOf(group)).toReversed()) await rmdir(folder);
}

/** The folder and all below it, parents first; nothing if it is not there. */
async function treeOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(async (entry) => treeOf(join(folder, entry.name))),
  );
  return [folder, ...below.flat()];
}
