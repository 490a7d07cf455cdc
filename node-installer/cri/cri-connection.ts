import { Client, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { fromJSON, type MethodDefinition } from "@grpc/proto-loader";
import { CriError, type CriErrorCode } from "./cri-error.ts";
import { CRI_SERVICE, criDescriptor, type CriMethod } from "./cri-schema.ts";

/** containerd's own socket; other distributions of Kubernetes have others. */
export const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";

/** Each call has a deadline; one that starts or stops a sandbox needs more than this. In milliseconds. */
export const CRI_CALL_TIMEOUT_MS = 10_000;

/** A node may have thousands of containers, each with its labels; kubelet's own limit is 16 MiB. */
const REPLY_MAX_BYTES = 16 * 1024 * 1024;

/** A server keeps the deadline too, by its own clock's ticks; the two may be so far apart. In milliseconds. */
const DEADLINE_SLACK_MS = 100;

const CHANNEL = {
  "grpc.max_receive_message_length": REPLY_MAX_BYTES,
  // Subchannels are shared by the process otherwise, and one to a containerd that has restarted is dead.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.default_authority": "localhost",
};

/** A connection to CRI; it opens with the first call. After containerd has restarted, make a new one. */
export class CriConnection {
  readonly #client: Client;
  readonly #methods = criMethods();

  /** @param socket absolute path of the socket. */
  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), CHANNEL);
  }

  /**
   * Calls a method. Fields of the reply that were not sent are there, empty.
   *
   * @throws {CriError} all codes but `BAD_REPLY`; the reason of `signal` if that aborts.
   */
  async call(
    method: CriMethod,
    request: object,
    signal: AbortSignal,
    timeoutMs = CRI_CALL_TIMEOUT_MS,
  ): Promise<unknown> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { path, requestSerialize, responseDeserialize } = this.#methods(method);
    const deadline = Date.now() + timeoutMs;
    const call = this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      { deadline },
      (error, reply) => {
        if (error === null) resolve(reply);
        else reject(criErrorFrom(method, error, { deadline, timeoutMs }));
      },
    );
    function cancel(): void {
      call.cancel();
      reject(signal.reason);
    }
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  close(): void {
    this.#client.close();
  }
}

function criMethods(): (method: CriMethod) => MethodDefinition<object, object> {
  const service = fromJSON(criDescriptor(), { defaults: true, longs: String })[CRI_SERVICE];
  if (service === undefined || "format" in service) throw new TypeError(`Cannot find service "${CRI_SERVICE}"`);
  const methods = new Map(Object.entries(service));
  return (method) => {
    const definition = methods.get(method);
    if (typeof definition !== "object") throw new TypeError(`Cannot find method "${method}" of CRI`);
    return definition;
  };
}

interface Deadline {
  readonly deadline: number;
  readonly timeoutMs: number;
}

function criErrorFrom(method: CriMethod, error: ServiceError, { deadline, timeoutMs }: Deadline): CriError {
  const code = codeFrom(error, deadline);
  const detail = code === "TIMEOUT" ? `no answer within ${timeoutMs} ms` : detailFrom(error);
  return new CriError(code, `Cannot call CRI's "${method}": ${detail}`, { cause: error, detail });
}

/** grpc-js adds what it found out about the address, which for a socket is nothing. */
function detailFrom({ details }: ServiceError): string {
  return details.replace(/ Resolution note: *$/, "");
}

function codeFrom(error: ServiceError, deadline: number): CriErrorCode {
  if (error.code === status.UNAVAILABLE) return "UNAVAILABLE";
  if (error.code === status.UNIMPLEMENTED) return "NOT_SERVED";
  return error.code === status.DEADLINE_EXCEEDED || isReset(error, deadline) ? "TIMEOUT" : "FAILED";
}

/** grpc-go resets the stream (`closeStream` with `ErrCodeCancel`) where it sees the deadline before we do. */
function isReset(error: ServiceError, deadline: number): boolean {
  return error.code === status.CANCELLED && Date.now() >= deadline - DEADLINE_SLACK_MS;
}
