/** The manager as it runs in its image: bundled, with the image's flags, and with the token of its pod. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleInParts } from "../../../scripts/build.d/bundle.ts";
import { NODE_FLAGS } from "../../../scripts/build.d/programs.ts";
import type { RunningApi } from "../../cluster/index.ts";
import type { Kubectl } from "../../support/kubectl.ts";

const TOP = join(import.meta.dirname, "../../..");
const TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface ManagerPlace {
  /** An empty folder for the program and its token. */
  readonly dir: string;
  readonly api: RunningApi;
  readonly kubectl: Kubectl;
  readonly namespace: string;
}

export interface Usage {
  /** Resident memory: the most that it ever was, and what it is now. */
  readonly peakMb: number;
  readonly nowMb: number;
  /** Of `peakMb`, the program file of Node: shared by all processes that run it. */
  readonly fileMb: number;
  readonly cpuSeconds: number;
}

export interface RunningManager {
  /** @throws Error if it has ended. */
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

export async function startManager({ dir, api, kubectl, namespace }: ManagerPlace): Promise<RunningManager> {
  const program = join(dir, "manager.mjs");
  const { files } = await bundleInParts(TOP, "manager/main.ts", "manager");
  for (const { name, content } of files) await writeFile(join(dir, name), content);
  const account = await writeAccount(dir, kubectl, namespace);
  const flags = [`--namespace=${namespace}`, "--installer-image=i", "--max-concurrent-jobs=100"];
  const addresses = ["--metrics-address=127.0.0.1:0", "--health-address=127.0.0.1:0"];
  const command = [process.execPath, ...NODE_FLAGS.manager, program, ...flags, ...addresses];
  // A mount of its own, because the folder's name is given.
  const script = `mkdir -p ${TOKEN_FOLDER} && mount --bind "$1" ${TOKEN_FOLDER} && shift && exec "$@"`;
  const { hostname, port } = new URL(api.url);
  const child = spawn("unshare", ["--mount", "sh", "-c", script, "sh", account, ...command], {
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(child, "spawn");
  return { usage: async () => usageOf(child), stop: async () => stop(child) };
}

/** What the kubelet puts into the pod. */
async function writeAccount(dir: string, kubectl: Kubectl, namespace: string): Promise<string> {
  const account = join(dir, "account");
  await mkdir(account);
  const token = await kubectl(["-n", namespace, "create", "token", "manager", "--duration=2h"]);
  await writeFile(join(account, "token"), token.trim());
  const config = JSON.parse(await kubectl(["config", "view", "--raw", "--flatten", "-o", "json"])) as {
    readonly clusters: readonly { readonly cluster: { readonly "certificate-authority-data": string } }[];
  };
  const authority = config.clusters[0]?.cluster["certificate-authority-data"] ?? "";
  await writeFile(join(account, "ca.crt"), Buffer.from(authority, "base64"));
  return account;
}

/** From https://man7.org/linux/man-pages/man5/proc_pid_status.5.html and proc_pid_stat.5.html, whose ticks are 10 ms. */
async function usageOf({ pid = 0, exitCode, signalCode }: ChildProcess): Promise<Usage> {
  if (exitCode !== null || signalCode !== null) {
    throw new Error(`Cannot measure the manager: it ended with ${exitCode ?? signalCode ?? ""}`);
  }
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  function megabytes(field: string): number {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  }
  const cpuSeconds = (Number(stat[11]) + Number(stat[12])) / 100;
  return { peakMb: megabytes("VmHWM"), nowMb: megabytes("VmRSS"), fileMb: megabytes("RssFile"), cpuSeconds };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
