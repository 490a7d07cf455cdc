import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { fromJSON } from "@grpc/proto-loader";
import type { Message } from "./cri-client.ts";
import { descriptorFrom } from "./descriptor.ts";

/** Names and numbers of https://github.com/containerd/containerd/blob/v2.1.9/api/runtime/task/v3/shim.proto */
const MESSAGES = {
  Empty: {},
  Any: { typeUrl: "1 string", value: "2 bytes" },
  Id: { id: "1 string", execId: "2 string" },
  Mount: { type: "1 string", source: "2 string", target: "3 string", options: "4 repeated string" },
  CreateRequest: {
    id: "1 string",
    bundle: "2 string",
    rootfs: "3 repeated Mount",
    terminal: "4 bool",
    stdin: "5 string",
    stdout: "6 string",
    stderr: "7 string",
    options: "10 Any",
  },
  Pid: { pid: "1 uint32" },
  KillRequest: { id: "1 string", execId: "2 string", signal: "3 uint32", all: "4 bool" },
  ExecRequest: {
    id: "1 string",
    execId: "2 string",
    stdin: "4 string",
    stdout: "5 string",
    stderr: "6 string",
    spec: "7 Any",
  },
  CloseRequest: { id: "1 string", execId: "2 string", stdin: "3 bool" },
  StateReply: { id: "1 string", pid: "3 uint32", status: "4 int32", exitStatus: "9 uint32" },
  ExitReply: { exitStatus: "1 uint32" },
  DeleteReply: { pid: "1 uint32", exitStatus: "2 uint32" },
  ConnectReply: { shimPid: "1 uint32", taskPid: "2 uint32" },
  ShutdownRequest: { id: "1 string", now: "2 bool" },
  // https://github.com/containerd/ttrpc/blob/v1.2.7/PROTOCOL.md
  Call: { service: "1 string", method: "2 string", payload: "3 bytes", timeoutNano: "4 int64" },
  Status: { code: "1 int32", message: "2 string" },
  Reply: { status: "1 Status", payload: "2 bytes" },
};

const METHODS = {
  Create: ["CreateRequest", "Pid"],
  Start: ["Id", "Pid"],
  State: ["Id", "StateReply"],
  Wait: ["Id", "ExitReply"],
  Kill: ["KillRequest", "Empty"],
  Exec: ["ExecRequest", "Empty"],
  CloseIO: ["CloseRequest", "Empty"],
  Delete: ["Id", "DeleteReply"],
  Connect: ["Id", "ConnectReply"],
  Shutdown: ["ShutdownRequest", "Empty"],
} as const;

const HEADER_BYTES = 10;
const REQUEST = 1;
const CLOSED = "The shim has closed the connection";

const SERVICES = fromJSON(descriptorFrom("task", MESSAGES, { Task: METHODS, Wire: { Frame: ["Call", "Reply"] } }), {
  defaults: true,
  longs: Number,
});

/** What the shim has refused, with the code of gRPC that it gave. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Speaks to a shim as containerd does, by ttrpc, but says whatever it is told to. */
export class TaskClient {
  readonly #socket: Socket;
  readonly #service: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<Buffer>>();
  #received = Buffer.alloc(0);
  #stream = -1;

  private constructor(path: string, version: 2 | 3) {
    this.#service = `containerd.task.v${String(version)}.Task`;
    this.#socket = createConnection(path);
    this.#socket.on("data", (chunk) => {
      this.#receive(Buffer.from(chunk));
    });
    this.#socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(CLOSED));
    });
    this.#socket.on("error", () => undefined); // It is followed by "close".
  }

  /** @param version of the service that is called. */
  static async connect(path: string, version: 2 | 3): Promise<TaskClient> {
    const client = new TaskClient(path, version);
    await once(client.#socket, "connect");
    return client;
  }

  /** @throws {TaskError} where the shim refuses. */
  async call(method: keyof typeof METHODS, request: object, timeoutMs = 10_000): Promise<Message> {
    const { requestSerialize, responseDeserialize } = definition("task.Task", method);
    const payload = requestSerialize(request);
    return responseDeserialize(await this.raw(this.#service, method, payload, timeoutMs)) as Message;
  }

  /** Creates and starts the container of a bundle. */
  async run({ id, bundle }: { readonly id: string; readonly bundle: string }, options?: object): Promise<void> {
    await this.call("Create", { id, bundle, options });
    await this.call("Start", { id });
  }

  /** Any service, method and payload. */
  async raw(service: string, method: string, payload: Buffer, timeoutMs = 10_000): Promise<Buffer> {
    const call = { service, method, payload, timeoutNano: timeoutMs * 1e6 };
    const frame = await this.frame(REQUEST, definition("task.Wire", "Frame").requestSerialize(call), timeoutMs);
    const reply = definition("task.Wire", "Frame").responseDeserialize(frame) as Message;
    const { code = 0, message = "" } = (reply["status"] ?? {}) as { readonly code?: number; readonly message?: string };
    if (code !== 0) throw new TaskError(code, message);
    return reply["payload"] as Buffer;
  }

  /** Sends a frame of any type and content as a new stream; returns the content of the answer. */
  async frame(type: number, content: Buffer, timeoutMs = 10_000): Promise<Buffer> {
    if (this.#socket.closed) throw new Error(CLOSED);
    this.#stream += 2;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(content.length, 0);
    header.writeUInt32BE(this.#stream, 4);
    header.writeUInt8(type, 8);
    const waiting = Promise.withResolvers<Buffer>();
    this.#waiting.set(this.#stream, waiting);
    this.#socket.write(Buffer.concat([header, content]));
    const late = setTimeout(() => {
      waiting.reject(new Error(`The shim does not answer within ${String(timeoutMs)} ms`));
    }, timeoutMs);
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(late);
    }
  }

  /** Bytes as they are, whether that makes sense or not. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Waits until the shim has closed the connection: then it has closed its socket too. */
  async closed(signal: AbortSignal): Promise<void> {
    if (!this.#socket.closed) await once(this.#socket, "close", { signal });
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#received.readUInt32BE(0);
      if (this.#received.length < end) return;
      this.#waiting.get(this.#received.readUInt32BE(4))?.resolve(this.#received.subarray(HEADER_BYTES, end));
      this.#received = this.#received.subarray(end);
    }
  }
}

interface Definition {
  requestSerialize(this: void, request: object): Buffer;
  responseDeserialize(this: void, bytes: Buffer): object;
}

function definition(service: string, method: string): Definition {
  const found = SERVICES[service];
  const definitionOf = found === undefined || "format" in found ? undefined : found[method];
  if (typeof definitionOf !== "object") throw new TypeError(`There is no method "${method}"`);
  return definitionOf;
}
