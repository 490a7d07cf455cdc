import { CgroupError } from "./errors.ts";
import { SmallFiles } from "./read-file.ts";

/** Among the options of a mount. */
const CONTROLLER =
  /^(cpu|cpuacct|cpuset|memory|devices|freezer|blkio|pids|hugetlb|net_cls|net_prio|perf_event|rdma|misc|name=.+)$/;

/** Where the kernel shows cgroups. */
export interface CgroupMounts {
  /** The one hierarchy of version 2. On a hybrid machine it is there besides those of version 1. */
  readonly unified: CgroupMount | undefined;
  /** Of version 1, by controller. */
  readonly controllers: ReadonlyMap<string, CgroupMount>;
}

interface CgroupMount {
  readonly folder: string;
  /** Which cgroup is seen there: not "/" in a container. */
  readonly root: string;
}

/** The folders of one cgroup. Whether they exist (still) shows when they are read. */
export type CgroupPaths =
  | { readonly version: 2; readonly folder: string }
  /** By controller; `name=systemd` as well. */
  | { readonly version: 1; readonly folders: ReadonlyMap<string, string> };

/** @param text of `/proc/self/mountinfo` */
export function parseCgroupMounts(text: string): CgroupMounts {
  const mounts = text.split("\n").flatMap(parseMount);
  const controllers = new Map<string, CgroupMount>();
  for (const { controllers: names, mount } of mounts) {
    for (const name of names) if (!controllers.has(name)) controllers.set(name, mount);
  }
  return { unified: mounts.find(({ type }) => type === "cgroup2")?.mount, controllers };
}

function parseMount(line: string): readonly ParsedMount[] {
  const [before = "", after = ""] = line.split(" - ", 2);
  const [type = "", , options = ""] = after.split(" ", 3);
  if (type !== "cgroup" && type !== "cgroup2") return []; // Thousands of mounts are none, on a node with many pods.
  const [, , , root = "", folder = ""] = before.split(" ", 5).map(unescape);
  const controllers = type === "cgroup" ? options.split(",").filter((option) => CONTROLLER.test(option)) : [];
  return [{ type, controllers, mount: { folder, root } }];
}

interface ParsedMount {
  readonly type: string;
  readonly controllers: readonly string[];
  readonly mount: CgroupMount;
}

export function readCgroupMounts(): CgroupMounts {
  return parseCgroupMounts(new SmallFiles().text("/proc/self/mountinfo") ?? "");
}

/** Where a process is. `undefined`: it is gone. */
export function cgroupOfProcess(pid: number, mounts: CgroupMounts): CgroupPaths | undefined {
  const text = new SmallFiles().text(`/proc/${String(pid)}/cgroup`);
  return text === undefined ? undefined : parseProcessCgroup(text, mounts);
}

/**
 * @param text of `/proc/<pid>/cgroup`: lines of id, controllers and path, with colons between them.
 */
export function parseProcessCgroup(text: string, mounts: CgroupMounts): CgroupPaths | undefined {
  const paths = new Map<string, string>();
  for (const line of text.trimEnd().split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined || path.endsWith(" (deleted)")) continue;
    for (const controller of controllers.split(",")) paths.set(controller, path);
  }
  const unified = paths.get("");
  if (isPureV2(mounts)) return unified === undefined ? undefined : folderOfV2(unified, mounts);
  paths.delete("");
  return paths.size === 0 ? undefined : foldersOfV1((controller) => paths.get(controller), mounts);
}

/**
 * Where runc puts a container. `undefined`: the path is relative to runc's own cgroup; ask by a process.
 *
 * @param cgroupsPath of the OCI spec: a path, or `slice:prefix:name` for systemd.
 * @throws {CgroupError} `PATH_INVALID`
 */
export function cgroupOfSpec(cgroupsPath: string, mounts: CgroupMounts): CgroupPaths | undefined {
  const path = cgroupsPath.includes(":") ? pathOfUnit(cgroupsPath) : cgroupsPath;
  if (path.split("/").includes("..")) throw invalid(cgroupsPath, `".." leads out of it`);
  if (!path.startsWith("/")) return undefined;
  return isPureV2(mounts) ? folderOfV2(path, mounts) : foldersOfV1(() => path, mounts);
}

/** @see {@link https://www.freedesktop.org/software/systemd/man/latest/systemd.slice.html} on the names of slices */
function pathOfUnit(cgroupsPath: string): string {
  const parts = cgroupsPath.split(":");
  const [slice = "", prefix = "", name = ""] = parts;
  if (parts.length !== 3 || name === "") throw invalid(cgroupsPath, "it is neither a path nor slice:prefix:name");
  const unit = name.endsWith(".slice") ? name : `${prefix === "" ? "" : `${prefix}-`}${name}.scope`;
  return `${pathOfSlice(slice === "" ? "system.slice" : slice, cgroupsPath)}/${unit}`;
}

function pathOfSlice(slice: string, cgroupsPath: string): string {
  if (slice === "-.slice") return "";
  const words = slice.slice(0, -".slice".length).split("-");
  if (!slice.endsWith(".slice") || slice.includes("/") || words.includes("")) {
    throw invalid(cgroupsPath, `"${slice}" is no name of a slice, such as kubepods-burstable.slice`);
  }
  return words.map((_, index) => `/${words.slice(0, index + 1).join("-")}.slice`).join("");
}

function isPureV2({ unified, controllers }: CgroupMounts): boolean {
  return unified !== undefined && !controllers.has("memory") && !controllers.has("cpu");
}

function folderOfV2(path: string, { unified }: CgroupMounts): CgroupPaths | undefined {
  return unified === undefined ? undefined : { version: 2, folder: folderIn(unified, path) };
}

function foldersOfV1(pathOf: (controller: string) => string | undefined, { controllers }: CgroupMounts): CgroupPaths {
  const folders = new Map<string, string>();
  for (const [controller, mount] of controllers) {
    const path = pathOf(controller);
    if (path !== undefined) folders.set(controller, folderIn(mount, path));
  }
  return { version: 1, folders };
}

function folderIn({ folder, root }: CgroupMount, path: string): string {
  const isInside = root !== "/" && (path === root || path.startsWith(`${root}/`));
  const below = isInside ? path.slice(root.length) : path;
  return `${folder}${below === "/" ? "" : below}`;
}

/** mountinfo writes blanks as octal numbers. */
function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function invalid(cgroupsPath: string, is: string): CgroupError {
  const remedy = "let kubelet's and containerd's cgroup drivers be the same";
  return new CgroupError("PATH_INVALID", `Cannot use linux.cgroupsPath "${cgroupsPath}": ${is}: ${remedy}`);
}
