import type { Socket } from "node:dgram";
import { HostError } from "../errors.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import { type SocketAddress, nodeAddressOf } from "./address.ts";
import { NetworkError } from "./network-error.ts";
import type { UdpSocket } from "./udp-socket.ts";

/** Datagrams held for a guest that does not take them; more are lost, as UDP may. */
const MAX_HELD = 256;
const MAX_HELD_BYTES = 1 << 20;
/** Datagrams on their way to the kernel. */
const MAX_SENDING = 64;
/** What the 16 bits of a length leave beside the header of UDP, and in IPv4 that of IP. */
const MAX_DATAGRAM_BYTES = { ipv4: 65_507, ipv6: 65_527 } as const;

export interface IncomingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress: SocketAddress;
}

export interface OutgoingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress: SocketAddress | undefined;
}

/** `wasi:sockets/udp.incoming-datagram-stream` */
export class IncomingDatagrams implements Waitable {
  readonly #remote: string | undefined;
  readonly #wakers = new Wakers();
  readonly #held: IncomingDatagram[] = [];
  #heldBytes = 0;

  constructor(remote: SocketAddress | undefined) {
    this.#remote = remote === undefined ? undefined : textOf(remote);
  }

  push(datagram: IncomingDatagram): void {
    if (this.#remote !== undefined && textOf(datagram.remoteAddress) !== this.#remote) return;
    if (this.#held.length >= MAX_HELD || this.#heldBytes + datagram.data.length > MAX_HELD_BYTES) return;
    this.#held.push(datagram);
    this.#heldBytes += datagram.data.length;
    this.#wakers.wakeAll();
  }

  receive(max: bigint): IncomingDatagram[] {
    const taken = this.#held.splice(0, max > MAX_HELD ? MAX_HELD : Number(max));
    for (const { data } of taken) this.#heldBytes -= data.length;
    return taken;
  }

  isReady(): boolean {
    return this.#held.length > 0;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }
}

/** `wasi:sockets/udp.outgoing-datagram-stream` */
export class OutgoingDatagrams implements Waitable {
  readonly #owner: UdpSocket;
  readonly #socket: Socket;
  readonly #remote: SocketAddress | undefined;
  readonly #wakers = new Wakers();
  #sending = 0;
  #permitted = 0;
  #failure: Error | undefined = undefined;

  constructor(owner: UdpSocket, socket: Socket, remote: SocketAddress | undefined) {
    this.#owner = owner;
    this.#socket = socket;
    this.#remote = remote;
  }

  /** How many the next call of `send` takes. */
  permit(): number {
    this.#permitted = MAX_SENDING - this.#sending;
    return this.#permitted;
  }

  /** How many were taken: all, or those before one that cannot be sent. Each call uses up what was permitted. */
  send(datagrams: readonly OutgoingDatagram[]): number {
    if (datagrams.length > this.#permitted) {
      throw new HostError(
        "GUEST_FAULT",
        `Cannot send ${datagrams.length} datagrams: ${this.#permitted} were permitted`,
      );
    }
    this.#permitted = 0;
    this.#throwFailure();
    for (const [index, datagram] of datagrams.entries()) {
      try {
        this.#sendOne(datagram);
      } catch (error) {
        if (index === 0) throw error;
        return index;
      }
    }
    return datagrams.length;
  }

  #sendOne({ data, remoteAddress }: OutgoingDatagram): void {
    const remote = this.#destination(remoteAddress);
    if (data.length > MAX_DATAGRAM_BYTES[this.#owner.family]) throw new NetworkError("datagram-too-large");
    const { address, port } = nodeAddressOf(remote);
    this.#sending += 1;
    this.#socket.send(Uint8Array.from(data), port, address, (error) => {
      this.#sending -= 1;
      if (error !== null) this.#failure = error;
      this.#wakers.wakeAll();
    });
  }

  #destination(given: SocketAddress | undefined): SocketAddress {
    const remote = given ?? this.#remote;
    if (remote === undefined) throw new NetworkError("invalid-argument");
    if (given === undefined) return remote;
    if (this.#remote !== undefined && textOf(given) !== textOf(this.#remote)) {
      throw new NetworkError("invalid-argument");
    }
    this.#owner.assertPeer("udp-send", given);
    return given;
  }

  /** The kernel tells of a failure after the call that caused it. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  isReady(): boolean {
    return this.#sending < MAX_SENDING;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }
}

function textOf(address: SocketAddress): string {
  return `${address.val.address.join(".")} ${address.val.port}`;
}
