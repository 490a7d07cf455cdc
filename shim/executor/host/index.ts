import type { HostInterface } from "../component/host-interface.ts";
import { cliInterfaces } from "./cli/index.ts";
import { clockInterfaces } from "./clocks/index.ts";
import { filesystemInterfaces } from "./filesystem/index.ts";
import { httpInterfaces } from "./http/index.ts";
import { ioInterfaces } from "./io/index.ts";
import { randomInterfaces } from "./random/index.ts";
import { socketInterfaces } from "./sockets/index.ts";
import type { HostState } from "./state.ts";

/** All of WASI 0.2 that a component may import. */
export const wasiInterfaces: readonly HostInterface<HostState>[] = [
  ...ioInterfaces,
  ...clockInterfaces,
  ...randomInterfaces,
  ...cliInterfaces,
  ...filesystemInterfaces,
  ...socketInterfaces,
  ...httpInterfaces,
];
