import { invalid, isObject } from "./check.ts";
import { SpecError } from "./errors.ts";
import { CPU_VARIABLE, GUEST_ROOT, MEMORY_VARIABLE, NAME_FILES, type ExecutorLayout } from "./executor-layout.ts";
import { encodeGuest } from "./guest-document.ts";
import { cleanPath, isBind, isKernelMount, placeOfMount } from "./mounts.ts";
import type { OciLinux, OciMount, OciProcess, OciSpec } from "./oci-spec.ts";

/** A guest runs none of the image's programs, and its devices are no devices. */
const IMAGE_OPTIONS = ["rbind", "rprivate", "nosuid", "nodev", "noexec"];
const EXECUTOR_FILE_OPTIONS = ["rbind", "rprivate", "nosuid", "nodev", "ro"];
const NAME_FILE_OPTIONS = [...EXECUTOR_FILE_OPTIONS, "noexec"];

const SCRATCH: OciMount = {
  destination: "/tmp",
  type: "tmpfs",
  source: "tmpfs",
  options: ["nosuid", "nodev", "noexec", "mode=1777", "size=64m"],
};
/** As in containerd's own specs. No process can do without them. */
const NEEDED: readonly OciMount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
];
/** With less, memory is what a container lacks first. */
const TIGHT_BYTES = 256 * 1024 * 1024;
/** For what lives as long as a request: as Node has it by itself, in MiB. */
const ROOMY_HEAP = "--node-options=--max-semi-space-size=16";
const FOREIGN = ["windows", "solaris", "vm", "zos", "freebsd"];

export interface RewriteInput {
  readonly spec: OciSpec;
  /** Folder on the host that a relative `root.path` is meant from. */
  readonly bundle: string;
  /** Of `resolveDestinations`: where each of the spec's mounts comes to lie in the image. */
  readonly destinations: readonly string[];
  readonly layout: ExecutorLayout;
}

/**
 * The spec of a Wasm container's executor. Its root is the executor's tree, read-only; the image's files are at
 * `GUEST_ROOT`, the pod's mounts below it; what the kernel shows stays where it is. The process is the executor with
 * the user, capabilities, limits and terminal of the pod; everything else is the pod's.
 *
 * @throws {SpecError} `SPEC_INVALID`, `SPEC_UNSUPPORTED`.
 */
export function rewriteForExecutor({ spec, bundle, destinations, layout }: RewriteInput): OciSpec {
  const foreign = FOREIGN.find((name) => (spec[name] ?? undefined) !== undefined);
  if (foreign !== undefined) {
    throw new SpecError(
      "SPEC_UNSUPPORTED",
      `Cannot run the container: its OCI spec has "${foreign}", which is not Linux's: take it out of the pod`,
    );
  }
  const { process, root } = spec;
  if (process === undefined) throw invalid("process", "there is none");
  if (root === undefined) throw invalid("root", "there is none");
  const isReadOnly = root.readonly === true;
  const limits = readLimits(spec);
  const image = cleanPath(root.path.startsWith("/") ? root.path : `${bundle}/${root.path}`);
  return {
    ...spec,
    process: processOf(process, [...layout.env, ...limitsOf(limits)], commandOf(layout, limits)),
    root: { ...root, path: layout.tree, readonly: true },
    mounts: mountsOf(spec.mounts ?? [], destinations, layout, image),
    ...(isReadOnly ? { linux: withReadOnlyGuest(spec) } : {}),
  };
}

function processOf(process: OciProcess, env: readonly string[], command: readonly string[]): OciProcess {
  const guest = encodeGuest({ args: process.args ?? [], env: process.env ?? [], cwd: process.cwd });
  return { ...process, args: command, env: [...env, ...guest], cwd: "/" };
}

interface Limits {
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
}

function readLimits({ linux }: OciSpec): Limits {
  const resources = linux?.["resources"];
  const { memory, cpu } = isObject(resources) ? resources : {};
  const [quota, period] = [numberAt(cpu, "quota"), numberAt(cpu, "period")];
  const cpus = quota === undefined || period === undefined ? undefined : quota / period;
  return { memoryBytes: numberAt(memory, "limit"), cpus };
}

/** The executor does not see its cgroup in each container. */
function limitsOf({ memoryBytes, cpus }: Limits): readonly string[] {
  return [
    ...(memoryBytes === undefined ? [] : [`${MEMORY_VARIABLE}=${String(memoryBytes)}`]),
    ...(cpus === undefined ? [] : [`${CPU_VARIABLE}=${String(cpus)}`]),
  ];
}

/** The shim's own heap is kept small from the start, which a server pays for. */
function commandOf({ command: [program = "", ...rest] }: ExecutorLayout, { memoryBytes }: Limits): readonly string[] {
  const isTight = memoryBytes !== undefined && memoryBytes < TIGHT_BYTES;
  return isTight ? [program, ...rest] : [program, ROOMY_HEAP, ...rest];
}

/** Less than one means that there is no limit. */
function numberAt(values: unknown, name: string): number | undefined {
  const value = isObject(values) ? values[name] : undefined;
  return typeof value === "number" && value > 0 ? value : undefined;
}

function mountsOf(
  mounts: readonly OciMount[],
  destinations: readonly string[],
  layout: ExecutorLayout,
  image: string,
): readonly OciMount[] {
  const kernel = mounts.filter((mount) => isKernelMount(mount));
  const needed = NEEDED.filter(({ destination }) => !kernel.some((mount) => placeOfMount(mount) === destination));
  const files = layout.files.map(({ source, destination }) => bind(source, destination, EXECUTOR_FILE_OPTIONS));
  return [
    ...needed,
    ...kernel,
    SCRATCH,
    ...files,
    ...nameFilesOf(mounts),
    bind(image, GUEST_ROOT, IMAGE_OPTIONS),
    ...guestMountsOf(mounts, destinations),
  ];
}

/** Those of the pod, in their order: a volume may lie in another one. */
function guestMountsOf(mounts: readonly OciMount[], destinations: readonly string[]): readonly OciMount[] {
  return mounts.flatMap((mount, index) => {
    if (isKernelMount(mount)) return [];
    placeOfMount(mount); // Refuses what the pod may not ask for.
    const place = destinations[index];
    if (place === undefined || place === "/" || cleanPath(place) !== place) {
      throw invalid(`mounts[${String(index)}].destination`, "where it lies in the image is not known");
    }
    return [{ ...mount, destination: `${GUEST_ROOT}${place}` }];
  });
}

function nameFilesOf(mounts: readonly OciMount[]): readonly OciMount[] {
  return NAME_FILES.flatMap((name) => {
    const source = mounts.findLast((mount) => isBind(mount) && placeOfMount(mount) === name)?.source;
    return source === undefined ? [] : [bind(source, name, NAME_FILE_OPTIONS)];
  });
}

function bind(source: string, destination: string, options: readonly string[]): OciMount {
  return { destination, type: "bind", source, options };
}

/** Not by the option `ro` of its mount: runc must still make the places for the volumes in it. These come last. */
function withReadOnlyGuest({ linux }: OciSpec): OciLinux {
  return { ...linux, readonlyPaths: [...(linux?.readonlyPaths ?? []), GUEST_ROOT] };
}
