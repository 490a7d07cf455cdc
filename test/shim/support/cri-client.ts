import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { fromJSON, type MethodDefinition } from "@grpc/proto-loader";
import { CRI_IMAGE_METHODS, CRI_METHODS, CRI_REPLIES } from "./cri-replies.ts";
import { CRI_REQUESTS } from "./cri-requests.ts";
import { descriptorFrom } from "./descriptor.ts";

export type CriMethod = keyof typeof CRI_METHODS | keyof typeof CRI_IMAGE_METHODS;

/** A message with whatever fields it has; all of them are there, also those that were not sent. */
export type Message = Readonly<Record<string, unknown>>;

const SERVICES = ["runtime.v1.RuntimeService", "runtime.v1.ImageService"];
const CHANNEL = {
  "grpc.max_receive_message_length": 64 * 1024 * 1024,
  // Subchannels are shared by the process otherwise, and one to a containerd that has restarted is dead.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.default_authority": "localhost",
};

/** All of CRI that a pod's life needs. After containerd has restarted, make a new one. */
export class CriClient {
  readonly #client: Client;
  static readonly #services = fromJSON(
    descriptorFrom(
      "runtime.v1",
      { ...CRI_REQUESTS, ...CRI_REPLIES },
      { RuntimeService: CRI_METHODS, ImageService: CRI_IMAGE_METHODS },
    ),
    { defaults: true, longs: String },
  );

  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), CHANNEL);
  }

  /** @throws the `ServiceError` of grpc-js. */
  async call(method: CriMethod, request: object, timeoutMs = 30_000): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const { path, requestSerialize, responseDeserialize } = CriClient.#method(method);
    const options = { deadline: Date.now() + timeoutMs };
    this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), options, done);
    function done(error: ServiceError | null, reply?: object): void {
      if (error === null) resolve(reply as Message);
      else reject(error);
    }
    return promise;
  }

  /** Hears each event from now on; call what is returned to stop. */
  watchEvents(onEvent: (event: Message) => void, onError: (error: unknown) => void): () => void {
    const { path, requestSerialize, responseDeserialize } = CriClient.#method("GetContainerEvents");
    const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
    stream.on("data", onEvent).on("error", onError);
    return () => {
      stream.cancel();
    };
  }

  close(): void {
    this.#client.close();
  }

  static #method(name: CriMethod): MethodDefinition<object, object> {
    for (const service of SERVICES.map((each) => CriClient.#services[each])) {
      const method = service === undefined || "format" in service ? undefined : service[name];
      if (typeof method === "object") return method;
    }
    throw new TypeError(`Cannot find method "${name}" of CRI`);
  }
}
