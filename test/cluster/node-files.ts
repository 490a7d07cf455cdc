import { DNS_SERVICE_ADDRESS, REGISTRY, nodeAddress, podSubnet } from "./addresses.ts";
import type { NodeVersion } from "./node-version.ts";

/** What tells one node from another. */
export interface NodeSpec {
  readonly name: string;
  /** From 1: decides its addresses. */
  readonly index: number;
  readonly version: NodeVersion;
}

/** A file of a node's disk, as installed: path without the first slash. A link where `target` is set. */
export type NodeFile =
  | { readonly path: string; readonly content: string; readonly mode?: number }
  | { readonly path: string; readonly target: string };

/** Name that every node has its one bridge under. */
const POD_BRIDGE = "cni0";

const SYSTEM = "etc/systemd/system";

/** Units that make no sense in a node or would reach for the machine's hardware and kernel. */
const MASKED = [
  "console-getty.service",
  "dev-hugepages.mount",
  "getty.target",
  "sys-kernel-debug.mount",
  "systemd-modules-load.service",
  "systemd-sysctl.service",
  "systemd-udevd.service",
];

/** Everything in a new node's /etc that is not Debian's, but for its certificates. */
export function nodeFiles(node: NodeSpec, machineId: string): NodeFile[] {
  return [
    { path: "etc/machine-id", content: `${machineId}\n`, mode: 0o444 },
    { path: "etc/hostname", content: `${node.name}\n` },
    { path: "etc/hosts", content: `127.0.0.1 localhost\n${nodeAddress(node.index)} ${node.name}\n` },
    { path: "etc/resolv.conf", content: "# This node asks no name server; its pods ask the cluster's.\n" },
    { path: "etc/fstab", content: "" },
    { path: "etc/containerd/config.toml", content: containerdConfig(node.version) },
    { path: `etc/containerd/certs.d/${REGISTRY}/hosts.toml`, content: registryHost() },
    { path: "etc/cni/net.d/10-pods.conflist", content: podNetwork(node.index) },
    { path: "etc/kubernetes/kubelet.json", content: kubeletConfig(node) },
    { path: `${SYSTEM}/kubelet.service`, content: kubeletUnit(node) },
    { path: `${SYSTEM}/kube-proxy.service`, content: kubeProxyUnit(node) },
    { path: `${SYSTEM}/default.target`, target: "/usr/lib/systemd/system/multi-user.target" },
    {
      path: `${SYSTEM}/multi-user.target.wants/containerd.service`,
      target: "/usr/lib/systemd/system/containerd.service",
    },
    ...POD_SLICES.flatMap(deviceSlice),
    ...MASKED.map((masked) => ({ path: `${SYSTEM}/${masked}`, target: "/dev/null" })),
  ];
}

/** The slices that kubelet puts the pods of the three service classes into. */
const POD_SLICES = ["kubepods", "kubepods-besteffort", "kubepods-burstable"];

/**
 * A slice that stays empty, beside the pods of a service class. Its device rule makes systemd use the devices controller
 * for all slices there from the start. Under systemd 252 with cgroups of version 1 they would get it with the first pod's
 * first container, and systemd would then move that container's processes from their own devices group to that of the pod;
 * containerd 1.7 takes such a container for leaked and kills it when it is restarted.
 */
function deviceSlice(parent: string): NodeFile[] {
  const name = `${parent}-rcm.slice`;
  const content = `[Unit]\nDescription=Keeps the devices controller on for ${parent}\n\n[Slice]\nDeviceAllow=/dev/null rw\n`;
  return [
    { path: `${SYSTEM}/${name}`, content },
    { path: `${SYSTEM}/multi-user.target.wants/${name}`, target: `../${name}` },
  ];
}

function containerdConfig(version: NodeVersion): string {
  return version === "2.1v3" ? CONTAINERD_V3 : CONTAINERD_V2;
}

/** Debian's file, its keys in its order, and what a node needs. `restrict_oom_score_adj`: root here may lack CAP_SYS_RESOURCE. */
const CONTAINERD_V2 = `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "localhost/pause:1"
    restrict_oom_score_adj = true
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
    [plugins."io.containerd.grpc.v1.cri".containerd]
      default_runtime_name = "runc"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          SystemdCgroup = true
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`;

const CONTAINERD_V3 = `version = 3

[plugins]
  [plugins."io.containerd.cri.v1.images"]
    snapshotter = "overlayfs"
    [plugins."io.containerd.cri.v1.images".pinned_images]
      sandbox = "localhost/pause:1"
    [plugins."io.containerd.cri.v1.images".registry]
      config_path = "/etc/containerd/certs.d"
  [plugins."io.containerd.cri.v1.runtime"]
    restrict_oom_score_adj = true
    [plugins."io.containerd.cri.v1.runtime".cni]
      bin_dirs = ["/usr/lib/cni"]
      conf_dir = "/etc/cni/net.d"
    [plugins."io.containerd.cri.v1.runtime".containerd]
      default_runtime_name = "runc"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
          SystemdCgroup = true
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`;

function registryHost(): string {
  return `server = "http://${REGISTRY}"\n\n[host."http://${REGISTRY}"]\n  capabilities = ["pull", "resolve", "push"]\n`;
}

function podNetwork(index: number): string {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: podSubnet(index) }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  const bridge = { type: "bridge", bridge: POD_BRIDGE, isGateway: true, ipMasq: true, hairpinMode: true, ipam };
  const plugins = [bridge, { type: "portmap", capabilities: { portMappings: true } }];
  return json({ cniVersion: "1.0.0", name: "pods", plugins });
}

function kubeletConfig({ name }: NodeSpec): string {
  return json({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: "/etc/kubernetes/ca.crt" },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `/etc/kubernetes/${name}.crt`,
    tlsPrivateKeyFile: `/etc/kubernetes/${name}.key`,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    cgroupDriver: "systemd",
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [DNS_SERVICE_ADDRESS],
    clusterDomain: "cluster.local",
    resolvConf: "/dev/null",
    nodeStatusUpdateFrequency: "2s",
    nodeLeaseDurationSeconds: 20,
    syncFrequency: "10s",
    // The machine's disk is no node's business: no image is collected and no pod evicted because it fills.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
  });
}

function kubeletUnit({ name, index }: NodeSpec): string {
  const flags = [
    "--kubeconfig /etc/kubernetes/kubelet.conf",
    "--config /etc/kubernetes/kubelet.json",
    `--node-ip ${nodeAddress(index)}`,
    `--hostname-override ${name}`,
    "--v 2",
  ];
  return unit("Kubernetes kubelet", `/usr/bin/kube kubelet ${flags.join(" ")}`);
}

function kubeProxyUnit({ name }: NodeSpec): string {
  const flags = [
    "--kubeconfig /etc/kubernetes/proxy.conf",
    `--hostname-override ${name}`,
    "--proxy-mode nftables",
    // It may not write the kernel's connection tracking settings.
    "--conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0",
  ];
  return unit("Kubernetes service proxy", `/usr/bin/kube proxy ${flags.join(" ")}`);
}

/** Nothing wants it: node-life.ts starts it after each boot, when the images are there. */
function unit(description: string, command: string): string {
  return `[Unit]
Description=${description}
After=containerd.service

[Service]
ExecStart=${command}
Restart=always
RestartSec=1
`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
