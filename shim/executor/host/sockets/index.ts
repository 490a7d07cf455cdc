import type { HostInterface } from "../../component/host-interface.ts";
import type { IoError } from "../io/io-error.ts";
import { Pollable } from "../io/pollable.ts";
import type { HostState } from "../state.ts";
import { ResolveAddressStream } from "./name-lookup.ts";
import { type Attempt, NetworkError, attempt } from "./network-error.ts";
import { Network } from "./network.ts";
import { tcpCreateFunctions, tcpFunctions } from "./tcp-functions.ts";
import type { TcpSocket } from "./tcp-socket.ts";
import { udpCreateFunctions, udpFunctions } from "./udp-functions.ts";
import type { UdpSocket } from "./udp-socket.ts";

const VERSION = "0.2.12";

const instanceNetwork: HostInterface<HostState> = {
  name: "wasi:sockets/instance-network",
  version: VERSION,
  functions: { "instance-network": { call: () => new Network() } },
  resources: {},
};

const network: HostInterface<HostState> = {
  name: "wasi:sockets/network",
  version: VERSION,
  functions: { "network-error-code": { call: (_state, error: IoError) => error.codeFor("sockets") } },
  resources: { network: {} },
};

const ipNameLookup: HostInterface<HostState> = {
  name: "wasi:sockets/ip-name-lookup",
  version: VERSION,
  functions: {
    "resolve-addresses": { call: resolveAddresses },
    "[method]resolve-address-stream.resolve-next-address": {
      call: (_state, self: ResolveAddressStream) => attempt(() => self.next()),
    },
    "[method]resolve-address-stream.subscribe": { call: (_state, self: ResolveAddressStream) => new Pollable(self) },
  },
  resources: {
    "resolve-address-stream": {
      drop(rep: ResolveAddressStream) {
        rep.close();
      },
    },
  },
};

const tcp: HostInterface<HostState> = {
  name: "wasi:sockets/tcp",
  version: VERSION,
  functions: tcpFunctions,
  resources: {
    "tcp-socket": {
      drop(rep: TcpSocket) {
        rep.close();
      },
    },
  },
};

const udp: HostInterface<HostState> = {
  name: "wasi:sockets/udp",
  version: VERSION,
  functions: udpFunctions,
  resources: {
    "udp-socket": {
      drop(rep: UdpSocket) {
        rep.close();
      },
    },
    "incoming-datagram-stream": {},
    "outgoing-datagram-stream": {},
  },
};

export const socketInterfaces = [
  instanceNetwork,
  network,
  ipNameLookup,
  tcp,
  { name: "wasi:sockets/tcp-create-socket", version: VERSION, functions: tcpCreateFunctions, resources: {} },
  udp,
  { name: "wasi:sockets/udp-create-socket", version: VERSION, functions: udpCreateFunctions, resources: {} },
] as const;

/** Without the permission, names do not resolve; addresses that are written as such are no secret. */
function resolveAddresses(state: HostState, _network: Network, name: string): Attempt<ResolveAddressStream> {
  return attempt(() => {
    if (!state.services.network.mayResolve) throw new NetworkError("access-denied");
    return new ResolveAddressStream(state, name);
  });
}
