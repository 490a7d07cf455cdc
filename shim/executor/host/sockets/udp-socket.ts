import type { Socket } from "node:dgram";
import { nodeDgram } from "@rcm/lib/late-modules";
import type { HostState } from "../state.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import {
  type AddressFamily,
  type SocketAddress,
  assertOfFamily,
  assertRemote,
  isBroadcast,
  nodeAddressOf,
  socketAddressOf,
} from "./address.ts";
import { IncomingDatagrams, OutgoingDatagrams } from "./datagram-streams.ts";
import { NetworkError } from "./network-error.ts";
import type { NetworkUse } from "./network-policy.ts";

const DEFAULT_HOPS = 64;
const DEFAULT_BUFFER_BYTES = 65_536n;

/** `wasi:sockets/udp.udp-socket` over node:dgram. */
export class UdpSocket implements Waitable {
  readonly family: AddressFamily;
  readonly #state: HostState;
  readonly #socket: Socket;
  readonly #wakers = new Wakers();
  #phase: "unbound" | "binding" | "bind-done" | "bound" | "closed" = "unbound";
  #failure: Error | undefined = undefined;
  #remote: SocketAddress | undefined = undefined;
  #incoming: IncomingDatagrams | undefined = undefined;
  #hops = DEFAULT_HOPS;
  readonly #bufferBytes = { receive: DEFAULT_BUFFER_BYTES, send: DEFAULT_BUFFER_BYTES };

  constructor(state: HostState, family: AddressFamily) {
    state.countOpen();
    this.#state = state;
    this.family = family;
    this.#socket = nodeDgram().createSocket({ type: family === "ipv4" ? "udp4" : "udp6", ipv6Only: family === "ipv6" });
    this.#socket.on("error", (error) => {
      this.#failure = error;
      this.#wakers.wakeAll();
    });
    this.#socket.on("message", (data, { address, port }) => {
      this.#incoming?.push({ data, remoteAddress: socketAddressOf({ address, port }) });
    });
  }

  startBind(address: SocketAddress): void {
    if (this.#phase === "binding" || this.#phase === "bind-done") throw new NetworkError("concurrency-conflict");
    if (this.#phase !== "unbound") throw new NetworkError("invalid-state");
    assertOfFamily(address, this.family);
    this.#assertAllowed("udp-bind", address);
    const local = nodeAddressOf(address);
    this.#failure = undefined;
    this.#phase = "binding";
    this.#socket.bind({ address: local.address, port: local.port, exclusive: true }, () => {
      this.#phase = "bind-done";
      this.#wakers.wakeAll();
    });
  }

  finishBind(): void {
    if (this.#phase !== "binding" && this.#phase !== "bind-done") throw new NetworkError("not-in-progress");
    if (this.#failure !== undefined) {
      this.#phase = "unbound";
      throw this.#failure;
    }
    if (this.#phase === "binding") throw new NetworkError("would-block");
    this.#phase = "bound";
    if (this.#hops !== DEFAULT_HOPS) this.#socket.setTTL(this.#hops); // Node cannot set it before.
  }

  /** New streams, in place of those made before; with `remote` they speak with that peer only. */
  openStreams(remote: SocketAddress | undefined): [IncomingDatagrams, OutgoingDatagrams] {
    if (this.#phase !== "bound") throw new NetworkError("invalid-state");
    if (remote !== undefined) this.assertPeer("udp-connect", remote);
    this.#remote = remote;
    this.#incoming = new IncomingDatagrams(remote);
    return [this.#incoming, new OutgoingDatagrams(this, this.#socket, remote)];
  }

  localAddress(): SocketAddress {
    if (this.#phase !== "bound") throw new NetworkError("invalid-state");
    const { address, port } = this.#socket.address();
    return socketAddressOf({ address, port });
  }

  remoteAddress(): SocketAddress {
    if (this.#remote === undefined) throw new NetworkError("invalid-state");
    return this.#remote;
  }

  /** @throws {NetworkError} if datagrams cannot go there, or may not: to all at once takes a right that no guest has. */
  assertPeer(kind: "udp-connect" | "udp-send", address: SocketAddress): void {
    assertOfFamily(address, this.family);
    assertRemote(address);
    if (isBroadcast(address)) throw new NetworkError("access-denied");
    this.#assertAllowed(kind, address);
  }

  #assertAllowed(kind: NetworkUse["kind"], address: SocketAddress): void {
    const place = nodeAddressOf(address);
    if (!this.#state.services.network.isAllowed({ kind, ...place })) throw new NetworkError("access-denied");
  }

  hopLimit(): number {
    return this.#hops;
  }

  setHopLimit(hops: number): void {
    if (hops === 0) throw new NetworkError("invalid-argument");
    this.#hops = hops;
    if (this.#phase === "bound") this.#socket.setTTL(hops);
  }

  bufferBytes(direction: "receive" | "send"): bigint {
    return this.#bufferBytes[direction];
  }

  setBufferBytes(direction: "receive" | "send", bytes: bigint): void {
    if (bytes === 0n) throw new NetworkError("invalid-argument");
    this.#bufferBytes[direction] = bytes;
  }

  isReady(): boolean {
    return this.#phase !== "binding" || this.#failure !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#state.countClosed();
    this.#socket.close();
  }
}
