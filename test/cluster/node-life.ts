import { join } from "node:path";
import { API_URL, DNS_SERVICE_ADDRESS, nodeAddress } from "./addresses.ts";
import type { Api } from "./api.ts";
import { ClusterError } from "./cluster-error.ts";
import { commonArchives, importImage } from "./images.ts";
import type { NodeSpec } from "./node-files.ts";
import type { MachineParts, NodePlace } from "./node-machine.ts";
import { makeDisk, powerOn, runInNode } from "./node-machine.ts";
import { issueCertificates, writeKubeconfig } from "./pki.ts";
import { pollUntil } from "./poll-until.ts";
import type { CommandOptions } from "./run-command.ts";
import type { Layout } from "./settings.ts";

const CONTAINERD_TIMEOUT_MS = 20_000;
const READY_TIMEOUT_MS = 60_000;
const SHORT: CommandOptions = { timeoutMs: 10_000 };

/** Makes a new machine: disk, identity, certificates. It is off. */
export async function createNode(layout: Layout, node: NodeSpec, signal: AbortSignal): Promise<void> {
  const { name, index } = node;
  const names = [`DNS:${name}`, `IP:${nodeAddress(index)}`];
  await issueCertificates(layout.pki, [{ name, subject: `/O=system:nodes/CN=system:node:${name}`, names }], signal);
  await writeKubeconfig(join(layout.pki, `${name}.kubelet.conf`), layout.pki, name, API_URL);
  await makeDisk(layout, node, {
    "ca.crt": "ca.crt",
    [`${name}.crt`]: `${name}.crt`,
    [`${name}.key`]: `${name}.key`,
    [`${name}.kubelet.conf`]: "kubelet.conf",
    "proxy.conf": "proxy.conf",
  });
}

/** Boots the machine until its containerd runs pods: with the common images. */
export async function bootNode(
  layout: Layout,
  node: NodeSpec,
  parts: MachineParts,
  signal: AbortSignal,
): Promise<void> {
  const { name } = node;
  const place = { layout, name };
  await powerOn(layout, node, parts, signal);
  const see = `"journalctl -u containerd" in ${name}`;
  await pollUntil(
    { what: `containerd of ${name}`, timeoutMs: CONTAINERD_TIMEOUT_MS, see },
    async (polling) => ((await runInNode(place, ["ctr", "version"], SHORT, polling)).code === 0 ? true : undefined),
    signal,
  );
  for (const archive of await commonArchives(layout)) await importImage(layout, name, archive, signal);
}

/** Starts kubelet and kube-proxy of a booted node and waits until it is a Ready member of the cluster. */
export async function joinCluster(layout: Layout, name: string, api: Api, signal: AbortSignal): Promise<void> {
  const place = { layout, name };
  await mustRun(place, ["systemctl", "start", "kubelet", "kube-proxy"], SHORT, signal);
  const boot = (await mustRun(place, ["cat", "/proc/sys/kernel/random/boot_id"], SHORT, signal)).trim();
  await pollUntil(
    {
      what: `${name} to be Ready`,
      timeoutMs: READY_TIMEOUT_MS,
      intervalMs: 200,
      see: `"journalctl -u kubelet" in ${name}`,
    },
    async (polling) => {
      const node = (await api.call({ path: `/api/v1/nodes/${name}` }, polling)) as NodeObject;
      return isReadySince(node, boot) ? true : undefined;
    },
    signal,
  );
  const element = `{ ${DNS_SERVICE_ADDRESS} . udp . 53 }`;
  await pollUntil(
    { what: `the Services on ${name}`, timeoutMs: READY_TIMEOUT_MS, see: `"journalctl -u kube-proxy" in ${name}` },
    async (polling) => {
      const argv = ["nft", "get", "element", "ip", "kube-proxy", "service-ips", element];
      return (await runInNode(place, argv, SHORT, polling)).code === 0 ? true : undefined;
    },
    signal,
  );
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo: { readonly bootID: string };
  };
}

const LOST_TAINTS = new Set(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);

/** The object may still hold what the node said before a reboot. */
function isReadySince({ spec, status }: NodeObject, boot: string): boolean {
  const ready = status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
  const lost = spec.taints?.some(({ key }) => LOST_TAINTS.has(key)) ?? false;
  return ready && status.nodeInfo.bootID === boot && !lost;
}

async function mustRun(
  place: NodePlace,
  argv: readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await runInNode(place, argv, options, signal);
  if (code === 0) return stdout;
  throw new ClusterError(
    "COMMAND_FAILED",
    `Cannot run "${argv.join(" ")}" in ${place.name}: ${stderr.trim().slice(-1000)}`,
  );
}
