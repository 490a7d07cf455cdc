import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Message } from "./cri-client.ts";
import type { TestContainerd } from "./test-containerd.ts";

const POD = 0;
const NODE = 2;
const CONTAINER = 1;
const BUSYBOX = "localhost/busybox:1";
const SECCOMP_RUNTIME_DEFAULT = 0;
/** The shim prepares a large component before its container starts. The kubelet itself waits for two minutes. */
const START_MS = 90_000;

/** How a pod's namespaces are shared; unless told, as Kubernetes does. */
export interface PodOptions {
  readonly hostNetwork?: boolean;
  readonly sharedPids?: boolean;
  readonly privileged?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod that runs: its id, and the configuration that each of its containers is created with. */
export class Pod {
  readonly id: string;
  readonly containerd: TestContainerd;
  readonly config: Message;
  readonly logFolder: string;
  readonly #namespaces: object;

  private constructor(containerd: TestContainerd, id: string, config: Message, namespaces: object) {
    this.containerd = containerd;
    this.id = id;
    this.config = config;
    this.logFolder = String(config["logDirectory"]);
    this.#namespaces = namespaces;
  }

  /** @param handler of CRI: "runc", "spin" or one that was added. */
  static async run(containerd: TestContainerd, name: string, handler: string, options: PodOptions = {}): Promise<Pod> {
    const uid = `uid-${name}-${handler}`;
    const logDirectory = join(containerd.folder, "logs", uid);
    await rm(logDirectory, { recursive: true, force: true }); // Of a pod of the same name in an earlier test.
    await mkdir(logDirectory, { recursive: true });
    const namespaceOptions = {
      network: options.hostNetwork === true ? NODE : POD,
      pid: options.sharedPids === true ? POD : CONTAINER,
      ipc: POD,
    };
    const privileged = options.privileged === true;
    const config = {
      metadata: { name, uid, namespace: "default", attempt: 0 },
      ...(options.hostNetwork === true ? {} : { hostname: name }), // runc refuses one without a namespace for it.
      logDirectory,
      labels: options.labels ?? {},
      linux: { cgroupParent: `/${containerd.namespace}`, securityContext: { namespaceOptions, privileged } },
    };
    const reply = await containerd.cri.call("RunPodSandbox", { config, runtimeHandler: handler }, 60_000);
    const id = String(reply["podSandboxId"]);
    await containerd.noteSocket("k8s.io", id);
    return new Pod(containerd, id, config, namespaceOptions);
  }

  /** Creates a container; returns its id. */
  async create(name: string, command: readonly string[], more: ContainerOptions = {}): Promise<string> {
    const config = {
      metadata: { name, attempt: more.attempt ?? 0 },
      image: { image: BUSYBOX },
      command,
      logPath: `${name}.${String(more.attempt ?? 0)}.log`,
      ...more.config,
      linux: {
        resources: more.resources ?? {},
        securityContext: { namespaceOptions: this.#namespaces, ...DEFAULT_SECURITY, ...more.security },
      },
    };
    const request = { podSandboxId: this.id, config, sandboxConfig: this.config };
    const reply = await this.containerd.cri.call("CreateContainer", request);
    return String(reply["containerId"]);
  }

  /** Creates a container and starts it; returns its id. */
  async start(name: string, command: readonly string[], more: ContainerOptions = {}): Promise<string> {
    const containerId = await this.create(name, command, more);
    await this.containerd.cri.call("StartContainer", { containerId }, START_MS);
    return containerId;
  }

  /** Where CRI writes what a container says. */
  logFile(name: string, attempt = 0): string {
    return join(this.logFolder, `${name}.${String(attempt)}.log`);
  }

  /** Stops and removes it, with all its containers. */
  async remove(): Promise<void> {
    await this.containerd.cri.call("StopPodSandbox", { podSandboxId: this.id }, 60_000);
    await this.containerd.cri.call("RemovePodSandbox", { podSandboxId: this.id }, 60_000);
  }
}

export interface ContainerOptions {
  readonly attempt?: number;
  /** Fields of CRI's ContainerConfig. */
  readonly config?: object;
  /** Fields of its LinuxContainerResources. */
  readonly resources?: object;
  /** Fields of its LinuxContainerSecurityContext. */
  readonly security?: object;
}

const DEFAULT_SECURITY = { seccomp: { profileType: SECCOMP_RUNTIME_DEFAULT }, noNewPrivs: true };

/** As strict as Kubernetes' "restricted", with 128 MiB. */
export const STRICT_CONTAINER: ContainerOptions = {
  resources: { memoryLimitInBytes: String(128 * 1024 * 1024) },
  security: {
    runAsUser: { value: "1000" },
    runAsGroup: { value: "1000" },
    readonlyRootfs: true,
    capabilities: { dropCapabilities: ["ALL"] },
  },
};

/** Stops and removes whatever pods there are, also those of a test that failed. */
export async function removeAllPods({ cri }: TestContainerd): Promise<void> {
  const { items } = (await cri.call("ListPodSandbox", {})) as { readonly items: readonly { readonly id: string }[] };
  for (const { id } of items) {
    await cri.call("StopPodSandbox", { podSandboxId: id }, 60_000).catch(() => undefined);
    await cri.call("RemovePodSandbox", { podSandboxId: id }, 60_000);
  }
}
