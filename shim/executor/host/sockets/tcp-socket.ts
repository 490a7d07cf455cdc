import net from "node:net";
import type { InputStream } from "../io/input-stream.ts";
import { IoError } from "../io/io-error.ts";
import type { OutputStream } from "../io/output-stream.ts";
import { ReadableInputStream } from "../io/readable-input-stream.ts";
import { WritableOutputStream } from "../io/writable-output-stream.ts";
import type { HostState } from "../state.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import {
  type AddressFamily,
  type NodeAddress,
  type SocketAddress,
  assertOfFamily,
  assertRemote,
  assertUnicast,
  nodeAddressOf,
  socketAddressOf,
} from "./address.ts";
import { NetworkError, networkErrorCode } from "./network-error.ts";
import { TcpOptions } from "./tcp-options.ts";

const DEFAULT_BACKLOG = 128;
/** How long a connection stays after it was dropped while its peer does not take what was written. */
const MAX_CLOSING_MS = 5000;

type Phase =
  | { readonly kind: "unbound" }
  | { readonly kind: "bind-started"; readonly bound: net.BoundSocket }
  | { readonly kind: "bound"; readonly bound: net.BoundSocket }
  | { readonly kind: "connect-started"; readonly socket: net.Socket }
  | { readonly kind: "connected"; readonly socket: net.Socket; readonly input: ReadableInputStream }
  | { readonly kind: "listen-started"; readonly server: net.Server }
  | { readonly kind: "listening"; readonly server: net.Server }
  | { readonly kind: "closed" };

/** `wasi:sockets/tcp.tcp-socket` over node:net. */
export class TcpSocket implements Waitable {
  readonly family: AddressFamily;
  readonly options: TcpOptions;
  backlog = DEFAULT_BACKLOG;
  readonly #state: HostState;
  readonly #wakers = new Wakers();
  readonly #accepted: net.Socket[] = [];
  #phase: Phase = { kind: "unbound" };
  /** Of the operation that was started last. */
  #failure: Error | undefined = undefined;

  constructor(state: HostState, family: AddressFamily, options = new TcpOptions()) {
    state.countOpen();
    this.#state = state;
    this.family = family;
    this.options = options;
  }

  startBind(address: SocketAddress): void {
    this.#assertIdle();
    if (this.#phase.kind !== "unbound") throw new NetworkError("invalid-state");
    assertOfFamily(address, this.family);
    assertUnicast(address);
    const { address: host, port } = nodeAddressOf(address);
    this.#assertAllowed("tcp-bind", { address: host, port });
    const bound = new net.BoundSocket({ host, port, ipv6Only: this.family === "ipv6" });
    this.#phase = { kind: "bind-started", bound };
  }

  finishBind(): void {
    if (this.#phase.kind !== "bind-started") throw new NetworkError("not-in-progress");
    this.#phase = { kind: "bound", bound: this.#phase.bound };
  }

  startConnect(address: SocketAddress): void {
    this.#assertIdle();
    const phase = this.#phase;
    if (phase.kind !== "unbound" && phase.kind !== "bound") throw new NetworkError("invalid-state");
    assertOfFamily(address, this.family);
    assertUnicast(address);
    assertRemote(address);
    const remote = nodeAddressOf(address);
    this.#assertAllowed("tcp-connect", remote);
    const socket = new net.Socket({
      allowHalfOpen: true,
      ...(phase.kind === "bound" ? { handle: phase.bound } : {}),
    });
    this.#failure = undefined;
    socket.once("connect", () => {
      this.options.applyTo(socket);
      this.#wakers.wakeAll();
    });
    socket.on("error", (error) => {
      this.#failure = error;
      this.#wakers.wakeAll();
    });
    socket.connect({ host: remote.address, port: remote.port });
    this.#phase = { kind: "connect-started", socket };
  }

  finishConnect(): [InputStream, OutputStream] {
    const phase = this.#phase;
    if (phase.kind !== "connect-started") throw new NetworkError("not-in-progress");
    if (this.#failure !== undefined) {
      this.#phase = { kind: "closed" };
      throw this.#failure;
    }
    if (phase.socket.connecting) throw new NetworkError("would-block");
    return this.#connected(phase.socket);
  }

  #connected(socket: net.Socket): [InputStream, OutputStream] {
    const input = new ReadableInputStream(socket, ioErrorOf);
    this.#phase = { kind: "connected", socket, input };
    return [input, new WritableOutputStream(socket, ioErrorOf)];
  }

  startListen(): void {
    this.#assertIdle();
    const phase = this.#phase;
    if (phase.kind !== "bound") throw new NetworkError("invalid-state");
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    this.#failure = undefined;
    server.once("listening", () => {
      this.#wakers.wakeAll();
    });
    server.on("error", (error) => {
      this.#failure = error;
      this.#wakers.wakeAll();
    });
    server.on("connection", (socket) => {
      this.#onConnection(socket);
    });
    server.listen({ handle: phase.bound, backlog: this.backlog });
    this.#phase = { kind: "listen-started", server };
  }

  #onConnection(socket: net.Socket): void {
    socket.on("error", ignore); // Its streams ask for the error.
    if (this.#accepted.length >= this.backlog) socket.destroy();
    else this.#accepted.push(socket);
    this.#wakers.wakeAll();
  }

  finishListen(): void {
    const phase = this.#phase;
    if (phase.kind !== "listen-started") throw new NetworkError("not-in-progress");
    if (this.#failure !== undefined) {
      this.#phase = { kind: "closed" };
      throw this.#failure;
    }
    if (!phase.server.listening) throw new NetworkError("would-block");
    this.#phase = { kind: "listening", server: phase.server };
  }

  accept(): [TcpSocket, InputStream, OutputStream] {
    if (this.#phase.kind !== "listening") throw new NetworkError("invalid-state");
    const [socket] = this.#accepted;
    if (socket === undefined) throw new NetworkError("would-block");
    const accepted = new TcpSocket(this.#state, this.family, this.options.copy());
    this.#accepted.shift(); // Not before: where the guest may have no more sockets, it is closed with this one.
    accepted.options.applyTo(socket);
    return [accepted, ...accepted.#connected(socket)];
  }

  localAddress(): SocketAddress {
    const phase = this.#phase;
    if (phase.kind === "bound") return socketAddressOf(phase.bound.address());
    if (phase.kind === "listening" || phase.kind === "listen-started") {
      const address = phase.server.address();
      if (address !== null && typeof address !== "string") return socketAddressOf(address);
    }
    if (phase.kind !== "connected") throw new NetworkError("invalid-state");
    return addressOf(phase.socket.localAddress, phase.socket.localPort);
  }

  remoteAddress(): SocketAddress {
    if (this.#phase.kind !== "connected") throw new NetworkError("invalid-state");
    return addressOf(this.#phase.socket.remoteAddress, this.#phase.socket.remotePort);
  }

  isListening(): boolean {
    return this.#phase.kind === "listening";
  }

  /** @throws {NetworkError} `invalid-state` if the socket listens or connects already. */
  assertConfigurable(): void {
    if (this.#phase.kind === "listening" || this.#phase.kind === "listen-started") {
      throw new NetworkError("not-supported");
    }
    if (this.#phase.kind === "connect-started" || this.#phase.kind === "connected") {
      throw new NetworkError("invalid-state");
    }
  }

  applyOptions(): void {
    if (this.#phase.kind === "connected") this.options.applyTo(this.#phase.socket);
  }

  shutdown(type: "receive" | "send" | "both"): void {
    if (this.#phase.kind !== "connected") throw new NetworkError("invalid-state");
    const { socket, input } = this.#phase;
    if (type !== "receive") socket.end();
    if (type !== "send") input.cutOff();
  }

  isReady(): boolean {
    const phase = this.#phase;
    if (this.#failure !== undefined) return true;
    if (phase.kind === "connect-started") return !phase.socket.connecting;
    if (phase.kind === "listen-started") return phase.server.listening;
    return phase.kind !== "listening" || this.#accepted.length > 0;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  close(): void {
    const phase = this.#phase;
    this.#phase = { kind: "closed" };
    for (const socket of this.#accepted) socket.destroy();
    if ("bound" in phase) phase.bound.close();
    if ("server" in phase) phase.server.close();
    if ("socket" in phase && !phase.socket.closed) this.#closeConnection(phase.socket);
    else this.#state.countClosed();
  }

  /** What was written still goes out. Until then the guest has the connection open, also when it has ended itself. */
  #closeConnection(socket: net.Socket): void {
    const timer = setTimeout(() => socket.destroy(), MAX_CLOSING_MS).unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.#state.countClosed();
    });
    if (socket.connecting) socket.destroy();
    else socket.destroySoon();
  }

  /** @throws {NetworkError} `concurrency-conflict` while something is in progress that was not finished. */
  #assertIdle(): void {
    if (this.#phase.kind.endsWith("-started")) throw new NetworkError("concurrency-conflict");
  }

  #assertAllowed(kind: "tcp-bind" | "tcp-connect", { address, port }: NodeAddress): void {
    if (!this.#state.services.network.isAllowed({ kind, address, port })) throw new NetworkError("access-denied");
  }
}

function addressOf(address: string | undefined, port: number | undefined): SocketAddress {
  if (address === undefined || port === undefined) throw new NetworkError("invalid-state");
  return socketAddressOf({ address, port });
}

function ioErrorOf(error: Error | undefined): IoError {
  return new IoError(
    error?.message ?? "The connection was closed",
    "sockets",
    error === undefined ? "connection-reset" : networkErrorCode(error),
  );
}

function ignore(): void {}
