import type { HostFunction } from "../../component/host-interface.ts";
import { Pollable } from "../io/pollable.ts";
import type { HostState } from "../state.ts";
import type { AddressFamily, SocketAddress } from "./address.ts";
import { NetworkError, attempt } from "./network-error.ts";
import type { Network } from "./network.ts";
import type { TcpOptions } from "./tcp-options.ts";
import { TcpSocket } from "./tcp-socket.ts";

type Functions = Readonly<Record<string, HostFunction<HostState>>>;

const MAX_BACKLOG = 4096n;

export const tcpCreateFunctions: Functions = {
  "create-tcp-socket": { call: (state, family: AddressFamily) => attempt(() => new TcpSocket(state, family)) },
};

export const tcpFunctions: Functions = {
  "[method]tcp-socket.start-bind": {
    call: (_state, self: TcpSocket, ...[, address]: readonly [Network, SocketAddress]) =>
      attempt(() => {
        self.startBind(address);
      }),
  },
  "[method]tcp-socket.finish-bind": {
    call: (_state, self: TcpSocket) =>
      attempt(() => {
        self.finishBind();
      }),
  },
  "[method]tcp-socket.start-connect": {
    call: (_state, self: TcpSocket, ...[, address]: readonly [Network, SocketAddress]) =>
      attempt(() => {
        self.startConnect(address);
      }),
  },
  "[method]tcp-socket.finish-connect": { call: (_state, self: TcpSocket) => attempt(() => self.finishConnect()) },
  "[method]tcp-socket.start-listen": {
    call: (_state, self: TcpSocket) =>
      attempt(() => {
        self.startListen();
      }),
  },
  "[method]tcp-socket.finish-listen": {
    call: (_state, self: TcpSocket) =>
      attempt(() => {
        self.finishListen();
      }),
  },
  "[method]tcp-socket.accept": { call: (_state, self: TcpSocket) => attempt(() => self.accept()) },
  "[method]tcp-socket.local-address": { call: (_state, self: TcpSocket) => attempt(() => self.localAddress()) },
  "[method]tcp-socket.remote-address": { call: (_state, self: TcpSocket) => attempt(() => self.remoteAddress()) },
  "[method]tcp-socket.is-listening": { call: (_state, self: TcpSocket) => self.isListening() },
  "[method]tcp-socket.address-family": { call: (_state, self: TcpSocket) => self.family },
  "[method]tcp-socket.set-listen-backlog-size": { call: setBacklog },
  "[method]tcp-socket.keep-alive-enabled": {
    call: (_state, self: TcpSocket) => attempt(() => self.options.keepAliveEnabled),
  },
  "[method]tcp-socket.set-keep-alive-enabled": {
    call: (_state, self: TcpSocket, isEnabled: boolean) =>
      attempt(() => {
        self.options.keepAliveEnabled = isEnabled;
        self.applyOptions();
      }),
  },
  ...optionFunctions("keep-alive-idle-time", "keepAliveIdleTimeNs"),
  ...optionFunctions("keep-alive-interval", "keepAliveIntervalNs"),
  ...optionFunctions("keep-alive-count", "keepAliveCount"),
  ...optionFunctions("hop-limit", "hopLimit"),
  ...optionFunctions("receive-buffer-size", "receiveBufferBytes"),
  ...optionFunctions("send-buffer-size", "sendBufferBytes"),
  "[method]tcp-socket.subscribe": { call: (_state, self: TcpSocket) => new Pollable(self) },
  "[method]tcp-socket.shutdown": {
    call: (_state, self: TcpSocket, type: "receive" | "send" | "both") =>
      attempt(() => {
        self.shutdown(type);
      }),
  },
};

function optionFunctions(name: string, key: Parameters<TcpOptions["set"]>[0]): Functions {
  return {
    [`[method]tcp-socket.${name}`]: { call: (_state, self: TcpSocket) => attempt(() => self.options[key]) },
    [`[method]tcp-socket.set-${name}`]: {
      call: (_state, self: TcpSocket, value: bigint | number) =>
        attempt(() => {
          self.options.set(key, value);
          self.applyOptions();
        }),
    },
  };
}

function setBacklog(_state: HostState, self: TcpSocket, value: bigint): ReturnType<typeof attempt<void>> {
  return attempt(() => {
    if (value === 0n) throw new NetworkError("invalid-argument");
    self.assertConfigurable();
    self.backlog = Number(value > MAX_BACKLOG ? MAX_BACKLOG : value);
  });
}
