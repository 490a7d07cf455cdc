import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import { killAll } from "../cgroup/kill-all.ts";
import { cgroupOfSpec } from "../cgroup/paths.ts";
import { mount } from "../linux/mount.ts";
import { unmountRecursive } from "../linux/unmount.ts";
import { parseOptions } from "../options/runtime-options.ts";
import type { RuntimeOptions } from "../options/runtime-options.ts";
import type { CreateTaskRequest } from "../proto/task.ts";
import { Runc } from "../runc/runc.ts";
import { sandboxOf } from "../spec/container-kind.ts";
import type { OciSpec } from "../spec/oci-spec.ts";
import { parseSpec } from "../spec/parse-spec.ts";
import type { Call } from "../ttrpc/service.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import { traitsOf } from "./container-traits.ts";
import { rootfsOf } from "./container.ts";
import type { Container, TaskHost } from "./container.ts";
import { forgetDeletion } from "./deletion-record.ts";
import { openProcessStdio } from "./open-process-stdio.ts";
import { prepareBundle } from "./prepare-bundle.ts";
import { TaskProcess } from "./process.ts";
import { publishEvent } from "./publish-event.ts";
import { readPidFile } from "./read-pid-file.ts";
import { Readiness } from "./readiness.ts";
import { RUNC_MS, runcLimit } from "./runc-limit.ts";
import { writeRuncSettings } from "./runc-settings.ts";
import { runtimeCall } from "./runtime-call.ts";
import { superviseInit } from "./supervise.ts";
import { watchCgroup } from "./watch-cgroup.ts";

/** runc's process is here from the start, for `delete` to name it. */
const PID_FILE = "init.pid";

/**
 * How long a container waits until its components are prepared, all together, in milliseconds. A JavaScript engine takes a
 * second, more where others want the processor: kubelet waits two minutes.
 */
const PREPARE_MS = 30_000;

/** How long that may take, in milliseconds. */
const KILL_MS = 5000;

type Undo = (() => void | Promise<void>)[];

/**
 * Creates a container in which nothing of the user's runs yet.
 *
 * @param leftBehind is called if not all can be taken back.
 * @throws after taking back what it did.
 */
export async function createContainer(
  host: TaskHost,
  request: CreateTaskRequest,
  { call, leftBehind }: { readonly call: Call; readonly leftBehind: () => void },
): Promise<Container> {
  const undo: Undo = [];
  forgetDeletion(request.bundle);
  try {
    return await create(host, request, { undo, call });
  } catch (error) {
    for (const step of undo.toReversed()) {
      try {
        await step();
      } catch (problem) {
        leftBehind();
        const reason = messageOf(problem);
        host.log.warn("Not all of a failed creation was taken back", { container: request.id, reason });
      }
    }
    throw error;
  }
}

async function create(
  host: TaskHost,
  request: CreateTaskRequest,
  { undo, call }: { readonly undo: Undo; readonly call: Call },
): Promise<Container> {
  const { id, bundle } = request;
  if (request.checkpoint !== "") {
    throw new TtrpcError("UNIMPLEMENTED", `Cannot restore container "${id}" from a checkpoint: start it anew`);
  }
  const options = await parseOptions(request.options);
  const spec = readSpec(bundle);
  writeRuncSettings(bundle, options);
  mountRootfs(request, undo);
  const traits = traitsOf(spec, options.systemdCgroup);
  const preparer = { binary: options.binaryName, systemdCgroup: traits.systemdCgroup };
  const wait = { runc: preparer, call: call.signal, untilMs: performance.now() + PREPARE_MS };
  const { kind, runcBundle, unprepared } = await prepareBundle(spec, {
    bundle,
    executor: host.executor,
    wasmOfImage: async () => host.wasmOfImage(id),
    prepared: async (place, env) => host.prepared.lookFirst(place, env, wait),
  });
  const runc = runcOf(host, options, traits.systemdCgroup);
  const init = new TaskProcess(id, "", request);
  init.stdio = await openProcessStdio(host, init, options);
  undo.push(() => init.stdio?.close());
  const readiness = kind === "wasm" ? new Readiness() : undefined;
  undo.push(() => readiness?.close());
  const limit = runcLimit(call);
  undo.push(async () => {
    if (limit.aborted) await endInCgroup(host, id, spec);
  });
  setImmediate(readEarly, host);
  init.pid = await createByRunc(runc, init, { bundle, runcBundle, options, readiness, limit });
  undo.push(async () => runc.delete(id, { force: true }, AbortSignal.timeout(RUNC_MS)));
  limit.throwIfAborted(); // Whoever called has been told that it failed, and will not ask for it again.
  init.stdio.handedOver();
  readiness?.handedOver();
  const { cgroup, oomWatch } = watchCgroup(host, id, init.pid);
  init.move("created", "create");
  publishCreated(host, request, init.pid);
  function afterStart(): void {
    for (const order of unprepared) host.prepared.prepareLater(order, preparer);
  }
  const pod = sandboxOf(spec) ?? id;
  const own = { id, bundle, pod, kind, traits, runc, ioOwner: options, init, execs: new Map<string, TaskProcess>() };
  const container = { ...own, cgroup, oomWatch, readiness, afterStart };
  void superviseInit(host, container);
  return container;
}

/** While runc is at work. Where it cannot be read, whoever needs it says so. */
function readEarly(host: TaskHost): void {
  try {
    void host.cgroupMounts;
  } catch {
    // See above.
  }
}

function publishCreated(host: TaskHost, request: CreateTaskRequest, pid: number): void {
  const { id, bundle, rootfs, stdin, stdout, stderr, terminal } = request;
  const io = { stdin, stdout, stderr, terminal };
  publishEvent(host, "/tasks/create", { containerId: id, bundle, rootfs, io, pid });
}

/**
 * What a runc leaves behind that was killed while it worked, and that its own `delete` does not find: a process, maybe
 * frozen. Only in a cgroup that has the container's name: others may be shared.
 */
async function endInCgroup({ cgroupMounts }: TaskHost, id: string, { linux }: OciSpec): Promise<void> {
  const path = linux?.cgroupsPath ?? "";
  const cgroup = path.endsWith(id) ? cgroupOfSpec(path, cgroupMounts) : undefined;
  if (cgroup !== undefined) await killAll(cgroup, cgroupMounts, AbortSignal.timeout(KILL_MS));
}

function readSpec(bundle: string): OciSpec {
  const file = join(bundle, "config.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new TtrpcError("INVALID_ARGUMENT", `Cannot read "${file}": ${messageOf(cause)}`, { cause });
  }
  return parseSpec(text);
}

function mountRootfs({ bundle, rootfs }: CreateTaskRequest, undo: Undo): void {
  const target = rootfsOf(bundle);
  if (rootfs.length === 0) return;
  undo.push(() => {
    unmountRecursive(target);
  });
  for (const { type, source, options } of rootfs) mount({ type, source, target, options });
}

function runcOf({ reaper, namespace }: TaskHost, { binaryName, root }: RuntimeOptions, systemdCgroup: boolean): Runc {
  return new Runc({
    binary: binaryName,
    root: join(root, namespace),
    systemdCgroup,
    spawn: (file, args, options) => reaper.spawnOwn(file, args, options),
  });
}

interface Creation {
  readonly bundle: string;
  readonly runcBundle: string;
  readonly options: RuntimeOptions;
  readonly readiness: Readiness | undefined;
  readonly limit: AbortSignal;
}

/** @returns the pid of the process that waits to become the user's. */
async function createByRunc(
  runc: Runc,
  { containerId, stdio }: TaskProcess,
  { bundle, runcBundle, options: { noPivotRoot, noNewKeyring }, readiness, limit }: Creation,
): Promise<number> {
  if (stdio === undefined) throw new TtrpcError("INTERNAL", `Container "${containerId}" has no input and output`);
  const { fds, consoleSocket } = stdio;
  const pidFile = join(bundle, PID_FILE);
  const creation = { id: containerId, bundle: runcBundle, pidFile, consoleSocket, noPivotRoot, noNewKeyring };
  await runtimeCall("create", runc.create({ ...creation, stdio: fds, preserved: readiness?.fd }, limit));
  return readPidFile(pidFile);
}
