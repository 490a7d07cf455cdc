import { access, readFile, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readHierarchies } from "../../cluster/cgroups.ts";
import { pollUntil } from "../../cluster/poll-until.ts";
import { tryCommand } from "../../cluster/run-command.ts";
import { listProcesses, type Process } from "./processes.ts";
import { subjectIsRunc } from "./subject.ts";
import type { TestContainerd } from "./test-containerd.ts";

const RUNC_STATES = "/run/containerd/runc";

/**
 * Waits until nothing of any pod or container is left but containerd itself: processes, mounts (also those of network
 * namespaces), cgroups, bundles, addresses, runc's states, and sockets of shims.
 *
 * @throws {ClusterError} `DEADLINE_EXCEEDED` with a list of what is left.
 */
export async function expectNothingLeft(containerd: TestContainerd, signal: AbortSignal): Promise<void> {
  const wait = { what: "nothing to be left", timeoutMs: 20_000, intervalMs: 50, see: containerd.folder };
  await pollUntil(
    wait,
    async () => {
      const left = await findLeft(containerd);
      if (left.length > 0) throw new Error(`left: ${left.join("; ")}`);
      return true;
    },
    signal,
  );
}

/** One text for each thing that a pod or container has, or has left behind. */
export async function findLeft(containerd: TestContainerd): Promise<readonly string[]> {
  const found = await Promise.all([
    processesOf(containerd),
    mountsOf(containerd),
    cgroupsOf(containerd),
    filesOf(containerd),
    runcStatesOf(containerd),
    socketsOf(containerd),
  ]);
  const [processes, mounts, cgroups, files, states, sockets] = found;
  return [
    ...processes.map(({ pid, command }) => `process ${String(pid)} (${command.slice(0, 160)})`),
    ...mounts.map((path) => `mount ${path}`),
    ...cgroups.map((path) => `cgroup ${path}`),
    ...files.map((path) => `file ${path}`),
    ...states.map((path) => `state of runc's ${path}`),
    ...sockets.map((path) => `socket ${path}`),
  ];
}

/** Ends and unmounts all that is left by force. Its containerd must be gone, or what it holds stays. */
export async function clearLeft(containerd: TestContainerd): Promise<void> {
  for (const { pid } of await processesOf(containerd)) killNow(pid);
  await delay(200);
  for (const path of (await mountsOf(containerd)).toReversed()) {
    await tryCommand(["umount", "-l", path], { timeoutMs: 10_000 }, AbortSignal.timeout(10_000));
  }
  for (const { path } of await readHierarchies()) {
    const group = join(path, containerd.namespace);
    for (const name of await namesIn(group)) await rmdir(join(group, name)).catch(() => undefined);
    await rmdir(group).catch(() => undefined);
  }
  const files = await Promise.all([runcStatesOf(containerd), socketsOf(containerd)]);
  for (const path of files.flat()) await rm(path, { recursive: true, force: true });
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Zombies are PID 1's to reap, which it does late. */
async function processesOf({ folder, namespace, bin }: TestContainerd): Promise<readonly Process[]> {
  const daemon = join(bin, "containerd");
  const all = await listProcesses();
  return all
    .filter(({ state, pid }) => state !== "Z" && state !== "X" && pid !== process.pid)
    .filter(({ command }) => !command.startsWith(`${daemon} `) && !command.startsWith(`${join(bin, "ctr")} `))
    .filter(
      ({ command, workingFolder, environment, cgroups }) =>
        cgroups.includes(`/${namespace}/`) ||
        [command, workingFolder, environment].some((text) => text.includes(`${folder}/`)),
    );
}

async function mountsOf({ folder }: TestContainerd): Promise<readonly string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((path) => path.startsWith(`${folder}/`));
}

async function cgroupsOf({ namespace }: TestContainerd): Promise<readonly string[]> {
  const hierarchies = await readHierarchies();
  const found = await Promise.all(
    hierarchies.map(async ({ path }) => {
      const entries = await readdir(join(path, namespace), { withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, namespace, name));
    }),
  );
  return found.flat();
}

async function filesOf({ folder, namespace }: TestContainerd): Promise<readonly string[]> {
  const tasks = "state/io.containerd.runtime.v2.task";
  const work = "root/io.containerd.runtime.v2.task";
  const cri = "state/io.containerd.grpc.v1.cri";
  const places = [tasks, work].flatMap((place) => [join(place, "k8s.io"), join(place, namespace)]);
  const folders = [...places, join(cri, "sandboxes"), join(cri, "containers")].map((place) => join(folder, place));
  const found = await Promise.all(
    folders.map(async (place) => (await namesIn(place)).map((name) => join(place, name))),
  );
  return found.flat();
}

/** Of CRI's, which all containerds of a machine share, those that name our folder. */
async function runcStatesOf({ folder, namespace }: TestContainerd): Promise<readonly string[]> {
  const own = (await namesIn(join(RUNC_STATES, namespace))).map((name) => join(RUNC_STATES, namespace, name));
  const shared = (await namesIn(join(RUNC_STATES, "k8s.io"))).map((name) => join(RUNC_STATES, "k8s.io", name));
  const states = await Promise.all(
    shared.map(async (path) => [path, await readFile(join(path, "state.json"), "utf8").catch(() => "")] as const),
  );
  return [...own, ...states.filter(([, state]) => state.includes(`${folder}/`)).map(([path]) => path)];
}

/** runc's shim leaves its socket when it is killed. */
async function socketsOf({ shimSockets }: TestContainerd): Promise<readonly string[]> {
  if (subjectIsRunc()) return [];
  const found = await Promise.all(
    [...shimSockets].map(async (path) => ({
      path,
      isThere: await access(path).then(
        () => true,
        () => false,
      ),
    })),
  );
  return found.filter(({ isThere }) => isThere).map(({ path }) => path);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
