import { NAMESPACE } from "./deployment.ts";
import type { Kubectl } from "./kubectl.ts";
import type { NodeHost } from "./node-host.ts";

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly envFrom?: readonly object[];
  readonly ports?: readonly { readonly containerPort: number; readonly hostPort?: number }[];
  readonly volumeDevices?: readonly object[];
  readonly securityContext?: object;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

interface ContainerStatus {
  readonly name: string;
  readonly state: { readonly running?: object };
}

/** A pod as the API server has it. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly nodeName?: string;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  };
  readonly status: {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export async function podsOf(kubectl: Kubectl, component: string): Promise<readonly Pod[]> {
  const selector = `app.kubernetes.io/component=${component}`;
  const text = await kubectl(["-n", NAMESPACE, "get", "pods", "-l", selector, "-o", "json"]);
  return (JSON.parse(text) as { readonly items: readonly Pod[] }).items;
}

export function isRunning({ status }: Pod, container: string): boolean {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return all.some(({ name, state }) => name === container && state.running !== undefined);
}

/** All in a pod that gives it power: whoever adds to it has to change a test. */
export function rightsOf({ spec }: Pod): object {
  const { serviceAccountName, automountServiceAccountToken, securityContext, volumes = [] } = spec;
  const shared = ["hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"];
  return {
    serviceAccountName,
    automountServiceAccountToken,
    securityContext,
    shared: shared.filter((key) => spec[key] === true),
    volumes: volumes.map((volume) => volumeOf(volume)),
    initContainers: (spec.initContainers ?? []).map((container) => containerRights(container)),
    containers: spec.containers.map((container) => containerRights(container)),
  };
}

/** The projected token has a name made up by the API server. */
function volumeOf(volume: Readonly<Record<string, unknown>>): object {
  return "projected" in volume ? { name: "token" } : volume;
}

function containerRights(container: Container): object {
  const { name, args, env = [], envFrom = [], ports = [], volumeDevices = [], securityContext } = container;
  const mounts = (container.volumeMounts ?? []).map((mount) => {
    const volume = mount.name.startsWith("kube-api-access-") ? "token" : mount.name;
    return `${volume} ${mount.mountPath} ${mount.readOnly === true ? "ro" : "rw"}`;
  });
  const hostPorts = ports.filter(({ hostPort }) => hostPort !== undefined);
  return { name, args, env: env.map((one) => one.name), envFrom, hostPorts, volumeDevices, securityContext, mounts };
}

/** What the node's kernel says of a process in a pod. */
export interface ProcessRights {
  readonly command: string;
  /** Real, effective, saved and of the file system. */
  readonly uids: string;
  readonly gids: string;
  readonly groups: string;
  /** Inheritable, permitted, effective, bounding and ambient capabilities, hex. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** 2: with a filter. */
  readonly seccomp: number;
  /** The runtime's, and those that the process has put over it. */
  readonly seccompFilters: number;
  /** Names of the namespaces that are the host's. */
  readonly hostNamespaces: readonly string[];
  /** Where file systems that do not belong to every container are mounted, with `ro` or `rw`. */
  readonly mounts: readonly string[];
}

/** Node's own processes in the pod; the pause container's is none. */
export async function processesOf(host: NodeHost, { metadata }: Pod): Promise<readonly ProcessRights[]> {
  const uid = metadata.uid.replaceAll("-", "[-_]");
  const text = await host.out(`for p in /proc/[0-9]*; do
  grep -q ${uid} $p/cgroup 2>/dev/null && grep -q mjs $p/cmdline || continue
  echo "Process: $(tr '\\0' ' ' < $p/cmdline)"
  cat $p/status
  for ns in net pid ipc mnt uts; do [ $(readlink $p/ns/$ns) != $(readlink /proc/1/ns/$ns) ] || echo "HostNs: $ns"; done
  while read -r _ _ _ _ where how _; do echo "Mount: $where \${how%%,*}"; done < $p/mountinfo
done`);
  return text
    .split(/^(?=Process: )/m)
    .filter((part) => part !== "")
    .map((part) => processRights(part));
}

function processRights(text: string): ProcessRights {
  const lines = text.split("\n").map((line) => /^(\w+):\s*(.*?)\s*$/.exec(line) ?? []);
  function all(key: string): readonly string[] {
    return lines.flatMap(([, name, value = ""]) => (name === key ? [value.replaceAll("\t", " ")] : []));
  }
  function one(key: string): string {
    return all(key)[0] ?? "";
  }
  return {
    command: one("Process"),
    uids: one("Uid"),
    gids: one("Gid"),
    groups: one("Groups"),
    capabilities: ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((key) => one(key)),
    noNewPrivileges: one("NoNewPrivs") === "1",
    seccomp: Number(one("Seccomp")),
    seccompFilters: Number(one("Seccomp_filters")),
    hostNamespaces: all("HostNs"),
    mounts: all("Mount").filter((mount) => !/^\/(?:$|ro$| |proc|sys|dev)/.test(mount)),
  };
}
