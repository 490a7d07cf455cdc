/**
 * The part of the Container Runtime Interface, version v1, that we speak: names and numbers of
 * https://github.com/kubernetes/cri-api/blob/v0.34.4/pkg/apis/runtime/v1/api.proto, as a protobuf.js descriptor, so
 * that a bundle holds it. What is left out here is skipped when it is read.
 */
export const CRI_SERVICE = "runtime.v1.RuntimeService";

const MESSAGES = {
  VersionRequest: { version: "1 string" },
  VersionResponse: { version: "1 string", runtimeName: "2 string", runtimeVersion: "3 string" },
  StatusRequest: { verbose: "1 bool" },
  StatusResponse: { status: "1 RuntimeStatus", info: "2 map", runtimeHandlers: "3 repeated RuntimeHandler" },
  RuntimeStatus: { conditions: "1 repeated RuntimeCondition" },
  RuntimeCondition: { type: "1 string", status: "2 bool", reason: "3 string", message: "4 string" },
  RuntimeHandler: { name: "1 string" },
  PodSandboxMetadata: { name: "1 string", uid: "2 string", namespace: "3 string", attempt: "4 uint32" },
  // NamespaceMode: 0 POD, 1 CONTAINER, 2 NODE
  NamespaceOption: { network: "1 int32", pid: "2 int32", ipc: "3 int32" },
  LinuxSandboxSecurityContext: { namespaceOptions: "1 NamespaceOption" },
  LinuxPodSandboxConfig: { cgroupParent: "1 string", securityContext: "2 LinuxSandboxSecurityContext" },
  PodSandboxConfig: {
    metadata: "1 PodSandboxMetadata",
    labels: "6 map",
    annotations: "7 map",
    linux: "8 LinuxPodSandboxConfig",
  },
  RunPodSandboxRequest: { config: "1 PodSandboxConfig", runtimeHandler: "2 string" },
  RunPodSandboxResponse: { podSandboxId: "1 string" },
  StopPodSandboxRequest: { podSandboxId: "1 string" },
  StopPodSandboxResponse: {},
  RemovePodSandboxRequest: { podSandboxId: "1 string" },
  RemovePodSandboxResponse: {},
  // PodSandboxState: 0 SANDBOX_READY, 1 SANDBOX_NOTREADY
  PodSandboxStateValue: { state: "1 int32" },
  PodSandboxFilter: { id: "1 string", state: "2 PodSandboxStateValue", labelSelector: "3 map" },
  ListPodSandboxRequest: { filter: "1 PodSandboxFilter" },
  ListPodSandboxResponse: { items: "1 repeated PodSandbox" },
  PodSandbox: {
    id: "1 string",
    metadata: "2 PodSandboxMetadata",
    state: "3 int32",
    createdAt: "4 int64",
    labels: "5 map",
    runtimeHandler: "7 string",
  },
  // ContainerState: 0 CREATED, 1 RUNNING, 2 EXITED, 3 UNKNOWN
  ContainerStateValue: { state: "1 int32" },
  ContainerFilter: { id: "1 string", state: "2 ContainerStateValue", podSandboxId: "3 string" },
  ListContainersRequest: { filter: "1 ContainerFilter" },
  ListContainersResponse: { containers: "1 repeated Container" },
  ContainerMetadata: { name: "1 string", attempt: "2 uint32" },
  Container: {
    id: "1 string",
    podSandboxId: "2 string",
    metadata: "3 ContainerMetadata",
    state: "6 int32",
    createdAt: "7 int64",
    labels: "8 map",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

const METHODS = {
  Version: ["VersionRequest", "VersionResponse"],
  Status: ["StatusRequest", "StatusResponse"],
  RunPodSandbox: ["RunPodSandboxRequest", "RunPodSandboxResponse"],
  StopPodSandbox: ["StopPodSandboxRequest", "StopPodSandboxResponse"],
  RemovePodSandbox: ["RemovePodSandboxRequest", "RemovePodSandboxResponse"],
  ListPodSandbox: ["ListPodSandboxRequest", "ListPodSandboxResponse"],
  ListContainers: ["ListContainersRequest", "ListContainersResponse"],
} as const;

export type CriMethod = keyof typeof METHODS;

/** A field of a message as protobuf.js describes it; `keyType` makes it a map. */
interface FieldDescriptor {
  readonly id: number;
  readonly type: string;
  readonly rule?: "repeated";
  readonly keyType?: "string";
}

/** Enumerations are read and written as numbers, which are the same on the wire: a new state is no error. */
export function criDescriptor(): object {
  const messages = Object.entries(MESSAGES).map(([name, fields]) => [name, { fields: fieldsFrom(fields) }] as const);
  const methods = Object.entries(METHODS).map(
    ([name, [requestType, responseType]]) => [name, { requestType, responseType }] as const,
  );
  const service = { RuntimeService: { methods: Object.fromEntries(methods) } };
  const v1 = { nested: { ...Object.fromEntries(messages), ...service } };
  return { nested: { runtime: { nested: { v1 } } } };
}

function fieldsFrom(fields: Readonly<Record<string, string>>): Readonly<Record<string, FieldDescriptor>> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fieldFrom(text)]));
}

function fieldFrom(text: string): FieldDescriptor {
  const [id, ...words] = text.split(" ");
  const type = words.at(-1) ?? "";
  if (type === "map") return { id: Number(id), type: "string", keyType: "string" };
  return { id: Number(id), type, ...(words.length === 2 ? { rule: "repeated" as const } : {}) };
}
