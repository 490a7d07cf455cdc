import type { ServiceClientConstructor } from "@grpc/grpc-js";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { ClusterError } from "./cluster-error.ts";

/**
 * The few messages of CRI v1 that this takes.
 *
 * @see {@link https://github.com/kubernetes/cri-api/blob/v0.34.4/pkg/apis/runtime/v1/api.proto}
 */
const CRI = {
  nested: {
    runtime: {
      nested: {
        v1: {
          nested: {
            RuntimeService: {
              methods: {
                RunPodSandbox: { requestType: "RunRequest", responseType: "SandboxId" },
                StopPodSandbox: { requestType: "SandboxId", responseType: "Nothing" },
                RemovePodSandbox: { requestType: "SandboxId", responseType: "Nothing" },
              },
            },
            RunRequest: { fields: { config: { type: "SandboxConfig", id: 1 } } },
            SandboxId: { fields: { podSandboxId: { type: "string", id: 1 } } },
            Nothing: { fields: {} },
            SandboxConfig: {
              fields: { metadata: { type: "Metadata", id: 1 }, linux: { type: "LinuxConfig", id: 8 } },
            },
            Metadata: {
              fields: {
                name: { type: "string", id: 1 },
                uid: { type: "string", id: 2 },
                namespace: { type: "string", id: 3 },
              },
            },
            LinuxConfig: {
              fields: { cgroupParent: { type: "string", id: 1 }, securityContext: { type: "SecurityContext", id: 2 } },
            },
            SecurityContext: { fields: { namespaceOptions: { type: "NamespaceOption", id: 1 } } },
            NamespaceOption: { fields: { network: { type: "int32", id: 1 } } },
          },
        },
      },
    },
  },
};

/** NamespaceMode.NODE: the sandbox uses the node's network and needs no CNI. */
const NODE_NETWORK = 2;
const CALL_TIMEOUT_MS = 20_000;

interface SandboxId {
  readonly podSandboxId: string;
}

/**
 * Starts and removes one pod sandbox. The first one after a node's boot is special under systemd 252 with cgroups of
 * version 1: its process ends up in the devices group of the pod's slice instead of its own, and containerd 1.7 takes it
 * for leaked when it is restarted. So the first one is ours.
 *
 * @throws {ClusterError} `COMMAND_FAILED` with the words of containerd.
 */
export async function runThrowAwaySandbox(socket: string): Promise<void> {
  const definition = fromJSON(CRI as unknown as Parameters<typeof fromJSON>[0], { keepCase: true });
  const Service = loadPackageDefinition(definition)["runtime"] as unknown as {
    readonly v1: { readonly RuntimeService: ServiceClientConstructor };
  };
  const client = new Service.v1.RuntimeService(`unix:${socket}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  const config = {
    metadata: { name: "warm-up", uid: "warm-up", namespace: "rcm-cluster" },
    linux: {
      cgroupParent: "kubepods-warmup.slice",
      securityContext: { namespaceOptions: { network: NODE_NETWORK } },
    },
  };
  try {
    const sandbox = (await call(client, "RunPodSandbox", { config })) as SandboxId;
    await call(client, "StopPodSandbox", sandbox);
    await call(client, "RemovePodSandbox", sandbox);
  } finally {
    client.close();
  }
}

async function call(client: InstanceType<ServiceClientConstructor>, method: string, request: object): Promise<unknown> {
  const invoke = client[method];
  if (invoke === undefined) throw new ClusterError("COMMAND_FAILED", `Cannot call CRI's "${method}": it is not in CRI`);
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    invoke.call(client, request, { deadline }, (error: Error | null, reply: unknown) => {
      if (error === null) {
        resolve(reply);
        return;
      }
      reject(new ClusterError("COMMAND_FAILED", `Cannot call CRI's "${method}": ${error.message}`, { cause: error }));
    });
  });
}
