import type { Message } from "./cri-client.ts";
import type { TestContainerd } from "./test-containerd.ts";

/** States of a container, as CRI numbers them. */
export const RUNNING = 1;
export const EXITED = 2;

/** CRI's ContainerStatus of a container. */
export async function statusOf({ cri }: TestContainerd, containerId: string): Promise<Message> {
  const { status } = await cri.call("ContainerStatus", { containerId });
  return status as Message;
}

/** The process of a container, as the machine numbers it. */
export async function pidOf({ cri }: TestContainerd, containerId: string): Promise<number> {
  const { info } = await cri.call("ContainerStatus", { containerId, verbose: true });
  return pidIn(info as Info);
}

/** The process of a pod's sandbox: its parent is the pod's shim. */
export async function sandboxPidOf({ cri }: TestContainerd, podSandboxId: string): Promise<number> {
  const { info } = await cri.call("PodSandboxStatus", { podSandboxId, verbose: true });
  return pidIn(info as Info);
}

type Info = Readonly<Record<string, string>>;

function pidIn(info: Info): number {
  const { pid } = JSON.parse(info["info"] ?? "{}") as { readonly pid?: number };
  if (pid === undefined || pid === 0) throw new Error("Cannot find the process: CRI names none");
  return pid;
}
