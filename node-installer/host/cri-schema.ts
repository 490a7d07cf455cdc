/**
 * The part of CRI v1 that the installer speaks, as a descriptor for protobufjs: names and field numbers of
 * https://github.com/kubernetes/cri-api/blob/v0.34.4/pkg/apis/runtime/v1/api.proto
 */
const string = (id: number): object => ({ type: "string", id });
const bool = (id: number): object => ({ type: "bool", id });
const enumeration = (id: number): object => ({ type: "int32", id }); // Enums are numbers on the wire.
const message = (type: string, id: number): object => ({ type, id });
const repeated = (type: string, id: number): object => ({ rule: "repeated", type, id });
const texts = (id: number): object => ({ keyType: "string", type: "string", id });

const MESSAGES: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  VersionRequest: { version: string(1) },
  VersionResponse: { version: string(1), runtime_name: string(2), runtime_version: string(3) },
  StatusRequest: { verbose: bool(1) },
  StatusResponse: { status: message("RuntimeStatus", 1), info: texts(2), runtime_handlers: repeated("RuntimeHandler", 3) },
  RuntimeStatus: { conditions: repeated("RuntimeCondition", 1) },
  RuntimeCondition: { type: string(1), status: bool(2), reason: string(3), message: string(4) },
  RuntimeHandler: { name: string(1) },
  PodSandboxMetadata: { name: string(1), uid: string(2), namespace: string(3), attempt: { type: "uint32", id: 4 } },
  PodSandbox: {
    id: string(1),
    metadata: message("PodSandboxMetadata", 2),
    state: enumeration(3),
    runtime_handler: string(7),
  },
  ListPodSandboxRequest: {},
  ListPodSandboxResponse: { items: repeated("PodSandbox", 1) },
  ContainerMetadata: { name: string(1) },
  ContainerStateValue: { state: enumeration(1) },
  ContainerFilter: { state: message("ContainerStateValue", 2) },
  ListContainersRequest: { filter: message("ContainerFilter", 1) },
  ListContainersResponse: { containers: repeated("Container", 1) },
  Container: { id: string(1), metadata: message("ContainerMetadata", 3), labels: texts(8) },
  NamespaceOption: { network: enumeration(1), pid: enumeration(2), ipc: enumeration(3) },
  LinuxSandboxSecurityContext: { namespace_options: message("NamespaceOption", 1) },
  LinuxPodSandboxConfig: { cgroup_parent: string(1), security_context: message("LinuxSandboxSecurityContext", 2) },
  PodSandboxConfig: { metadata: message("PodSandboxMetadata", 1), linux: message("LinuxPodSandboxConfig", 8) },
  RunPodSandboxRequest: { config: message("PodSandboxConfig", 1), runtime_handler: string(2) },
  RunPodSandboxResponse: { pod_sandbox_id: string(1) },
  StopPodSandboxRequest: { pod_sandbox_id: string(1) },
  StopPodSandboxResponse: {},
  RemovePodSandboxRequest: { pod_sandbox_id: string(1) },
  RemovePodSandboxResponse: {},
};

export const METHODS = [
  "Version",
  "Status",
  "ListPodSandbox",
  "ListContainers",
  "RunPodSandbox",
  "StopPodSandbox",
  "RemovePodSandbox",
] as const;

export const CRI_SCHEMA = { nested: { runtime: { nested: { v1: { nested: { ...messages(), RuntimeService: service() } } } } } };

function messages(): object {
  return Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, { fields }]));
}

function service(): object {
  const methods = METHODS.map((name) => [name, { requestType: `${name}Request`, responseType: `${name}Response` }]);
  return { methods: Object.fromEntries(methods) as object };
}
