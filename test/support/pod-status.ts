import { eventually } from "./kubectl.ts";
import type { Kubectl } from "./kubectl.ts";
import type { NodeHost } from "./node-host.ts";

interface ContainerState {
  readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message?: string };
}

interface Container {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: ContainerState;
  /** How its process before this one ended. */
  readonly lastState?: ContainerState;
}

export interface PodStatus {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly initContainerStatuses?: readonly Container[];
    readonly containerStatuses?: readonly Container[];
  };
}

export async function getPod(kubectl: Kubectl, name: string): Promise<PodStatus> {
  return JSON.parse(await kubectl(["get", "pod", name, "-o", "json"])) as PodStatus;
}

/** The pod, if it is ready. */
export function isReady(pod: PodStatus): PodStatus | undefined {
  const { conditions = [] } = pod.status;
  return conditions.some(({ type, status }) => type === "Ready" && status === "True") ? pod : undefined;
}

/** How often the groups of a pod on a node had to wait for the processor. */
export async function throttledOf(host: NodeHost, { metadata }: PodStatus): Promise<number> {
  const files = `find /sys/fs/cgroup -path '*pod${metadata.uid.replaceAll("-", "?")}*' -name cpu.stat`;
  const counts = await host.out(`${files} -exec sed -n 's/^nr_throttled //p' {} +`);
  return Math.max(...counts.split("\n").map(Number));
}

/** @throws Error if kubelet has not said anything of it. */
export function containerOf({ metadata, status }: PodStatus, name: string): Container {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`Pod ${metadata.name} has no status of container ${name}`);
  return found;
}

/** Of {@link endOf}, of which each can be unlucky. */
const ATTEMPTS = 3;
/** The kubelet waits 10, then 20 s before it starts a container again. */
const RESTART_MS = 45_000;

/**
 * How a container ends that `act` has come to its end, and that is started again. The kubelet collects ended containers
 * once a minute, and takes this one too if the next one is created just then and not yet started: then nothing says how it
 * was, and it is done once more.
 */
export async function endOf(
  name: string,
  look: () => Promise<PodStatus>,
  act: () => Promise<void>,
): Promise<ContainerState["terminated"]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { restartCount: before } = containerOf(await look(), name);
    await act();
    const { lastState } = await eventually(`a restart of ${name}`, RESTART_MS, async () => {
      const found = containerOf(await look(), name);
      return found.restartCount > before && found.ready ? found : undefined;
    });
    if (lastState?.terminated !== undefined) return lastState.terminated;
  }
  throw new Error(`The kubelet does not say how ${name} has ended, each of ${ATTEMPTS} times`);
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string };
    readonly containers: readonly {
      readonly name: string;
      readonly cpu?: { readonly usageCoreNanoSeconds?: number };
      readonly memory?: { readonly workingSetBytes?: number };
    }[];
  }[];
}

/** What kubelet says of all that a node's pods use. */
export async function summary(kubectl: Kubectl, node: string): Promise<Summary> {
  return JSON.parse(await kubectl(["get", "--raw", `/api/v1/nodes/${node}/proxy/stats/summary`])) as Summary;
}

/** Of each running container of a pod: nanoseconds of processor, bytes of memory. */
export function statsOf(
  { pods }: Summary,
  pod: string,
): readonly { readonly cpu: number | undefined; readonly memory: number | undefined }[] {
  const containers = pods.find(({ podRef }) => podRef.name === pod)?.containers ?? [];
  return containers.map(({ cpu, memory }) => ({ cpu: cpu?.usageCoreNanoSeconds, memory: memory?.workingSetBytes }));
}
