import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { fromJSON, type ServiceDefinition } from "@grpc/proto-loader";

/** The little that starting a container takes of https://github.com/kubernetes/cri-api/blob/v0.34.4/pkg/apis/runtime/v1/api.proto */
const MESSAGES = {
  Metadata: { name: { id: 1, type: "string" }, uid: { id: 2, type: "string" }, namespace: { id: 3, type: "string" } },
  ImageSpec: { image: { id: 1, type: "string" } },
  ContainerConfig: {
    metadata: { id: 1, type: "Metadata" },
    image: { id: 2, type: "ImageSpec" },
    command: { id: 3, type: "string", rule: "repeated" },
    labels: { id: 9, type: "string", keyType: "string" },
  },
  PodSandboxConfig: { metadata: { id: 1, type: "Metadata" } },
  CreateRequest: {
    podSandboxId: { id: 1, type: "string" },
    config: { id: 2, type: "ContainerConfig" },
    sandboxConfig: { id: 3, type: "PodSandboxConfig" },
  },
  Container: { containerId: { id: 1, type: "string" } },
};
const METHODS = {
  CreateContainer: { requestType: "CreateRequest", responseType: "Container" },
  StartContainer: { requestType: "Container", responseType: "Container" },
};
const SERVICE = definition();

/** Starts a container named "sleeper" in a sandbox that has `metadata`; returns its id. */
export async function startContainer(
  socket: string,
  sandbox: { readonly id: string; readonly metadata: object },
  labels: Readonly<Record<string, string>>,
): Promise<string> {
  const client = new Client(`unix:${socket}`, credentials.createInsecure());
  try {
    const image = { image: "localhost/busybox:1" };
    const config = { metadata: { name: "sleeper" }, image, command: ["sleep", "1000"], labels };
    const request = { podSandboxId: sandbox.id, config, sandboxConfig: { metadata: sandbox.metadata } };
    const { containerId } = await call(client, "CreateContainer", request);
    await call(client, "StartContainer", { containerId });
    return containerId;
  } finally {
    client.close();
  }
}

function definition(): ServiceDefinition {
  const messages = Object.entries(MESSAGES).map(([name, fields]) => [name, { fields }] as const);
  const v1 = { nested: { ...Object.fromEntries(messages), RuntimeService: { methods: METHODS } } };
  const descriptor: object = { nested: { runtime: { nested: { v1 } } } };
  const loaded = fromJSON(descriptor);
  return loaded["runtime.v1.RuntimeService"] as ServiceDefinition;
}

async function call(
  client: Client,
  name: keyof typeof METHODS,
  request: object,
): Promise<{ readonly containerId: string }> {
  const method = SERVICE[name];
  if (method === undefined) throw new TypeError(`There is no method "${name}"`);
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly containerId: string }>();
  const options = { deadline: Date.now() + 20_000 };
  const { path, requestSerialize, responseDeserialize } = method;
  client.makeUnaryRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    new Metadata(),
    options,
    (error, reply) => {
      if (error === null) resolve(reply as { readonly containerId: string });
      else reject(error);
    },
  );
  return promise;
}
