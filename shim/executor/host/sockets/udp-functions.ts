import type { HostFunction } from "../../component/host-interface.ts";
import { Pollable } from "../io/pollable.ts";
import type { HostState } from "../state.ts";
import type { AddressFamily, SocketAddress } from "./address.ts";
import type { IncomingDatagrams, OutgoingDatagram, OutgoingDatagrams } from "./datagram-streams.ts";
import { attempt } from "./network-error.ts";
import type { Network } from "./network.ts";
import { UdpSocket } from "./udp-socket.ts";

type Functions = Readonly<Record<string, HostFunction<HostState>>>;

export const udpCreateFunctions: Functions = {
  "create-udp-socket": { call: (state, family: AddressFamily) => attempt(() => new UdpSocket(state, family)) },
};

export const udpFunctions: Functions = {
  "[method]udp-socket.start-bind": {
    call: (_state, self: UdpSocket, ...[, address]: readonly [Network, SocketAddress]) =>
      attempt(() => {
        self.startBind(address);
      }),
  },
  "[method]udp-socket.finish-bind": {
    call: (_state, self: UdpSocket) =>
      attempt(() => {
        self.finishBind();
      }),
  },
  "[method]udp-socket.stream": {
    call: (_state, self: UdpSocket, remote: SocketAddress | undefined) => attempt(() => self.openStreams(remote)),
  },
  "[method]udp-socket.local-address": { call: (_state, self: UdpSocket) => attempt(() => self.localAddress()) },
  "[method]udp-socket.remote-address": { call: (_state, self: UdpSocket) => attempt(() => self.remoteAddress()) },
  "[method]udp-socket.address-family": { call: (_state, self: UdpSocket) => self.family },
  "[method]udp-socket.unicast-hop-limit": { call: (_state, self: UdpSocket) => attempt(() => self.hopLimit()) },
  "[method]udp-socket.set-unicast-hop-limit": {
    call: (_state, self: UdpSocket, hops: number) =>
      attempt(() => {
        self.setHopLimit(hops);
      }),
  },
  ...bufferFunctions("receive"),
  ...bufferFunctions("send"),
  "[method]udp-socket.subscribe": { call: (_state, self: UdpSocket) => new Pollable(self) },
  "[method]incoming-datagram-stream.receive": {
    call: (_state, self: IncomingDatagrams, max: bigint) => attempt(() => self.receive(max)),
  },
  "[method]incoming-datagram-stream.subscribe": { call: (_state, self: IncomingDatagrams) => new Pollable(self) },
  "[method]outgoing-datagram-stream.check-send": {
    call: (_state, self: OutgoingDatagrams) => attempt(() => BigInt(self.permit())),
  },
  "[method]outgoing-datagram-stream.send": {
    call: (_state, self: OutgoingDatagrams, datagrams: readonly OutgoingDatagram[]) =>
      attempt(() => BigInt(self.send(datagrams))),
  },
  "[method]outgoing-datagram-stream.subscribe": { call: (_state, self: OutgoingDatagrams) => new Pollable(self) },
};

function bufferFunctions(direction: "receive" | "send"): Functions {
  return {
    [`[method]udp-socket.${direction}-buffer-size`]: {
      call: (_state, self: UdpSocket) => attempt(() => self.bufferBytes(direction)),
    },
    [`[method]udp-socket.set-${direction}-buffer-size`]: {
      call: (_state, self: UdpSocket, bytes: bigint) =>
        attempt(() => {
          self.setBufferBytes(direction, bytes);
        }),
    },
  };
}
