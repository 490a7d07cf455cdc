import type { HostInterface } from "../component/host-interface.ts";
import { importedInterfaces } from "../component/prepare/imported-interfaces.ts";
import type { Prepared } from "../component/prepare/prepare.ts";
import { cliInterfaces } from "./cli/index.ts";
import { clockInterfaces } from "./clocks/index.ts";
import { configInterfaces } from "./config/index.ts";
import { filesystemInterfaces } from "./filesystem/index.ts";
import { httpInterfaces } from "./http/index.ts";
import { ioInterfaces } from "./io/index.ts";
import { keyValueInterfaces } from "./keyvalue/index.ts";
import { randomInterfaces } from "./random/index.ts";
import { socketInterfaces } from "./sockets/index.ts";
import { spinInterfaces } from "./spin/index.ts";
import { placeholdersFor } from "./spin/placeholders.ts";
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

const hostInterfaces: readonly HostInterface<HostState>[] = [
  ...wasiInterfaces,
  ...spinInterfaces,
  ...keyValueInterfaces,
  ...configInterfaces,
];

/** All that a component may import. Without `HostServices.spin`, what is Spin's refuses every call. */
export function hostInterfacesFor(component: Prepared): readonly HostInterface<HostState>[] {
  const placeholders = placeholdersFor(importedInterfaces(component));
  return placeholders.length === 0 ? hostInterfaces : [...hostInterfaces, ...placeholders];
}
