import { parseArgs } from "node:util";
import type { Linked } from "../component/host-interface.ts";
import type { HostState } from "../host/state.ts";
import { createComponentHandler } from "../server/component-handler.ts";
import { ServeError } from "../server/errors.ts";
import { IncomingHandlerEntry } from "../server/guest-entry.ts";
import { GuestRequests } from "../server/guest-requests.ts";
import { DEFAULT_LIMITS, type ServerLimits } from "../server/limits.ts";
import { type ListenAddress, listenAddressFrom, parseListenAddress } from "../server/listen-address.ts";
import { PodLog } from "../server/pod-log.ts";
import { becomeSmall, serveUntil } from "../server/serve-until.ts";
import { Visits } from "../server/visits.ts";
import type { CommandIo } from "./command-io.ts";
import { GUEST_FLAGS, type GuestOptions, guestOptionsFrom } from "./guest-options.ts";
import { createPlainServices } from "./host-services.ts";
import { LIMIT_FLAGS, limitsFrom } from "./limit-flags.ts";
import { hasExport, loadComponent } from "./load-component.ts";

const ENTRY = { interface: "wasi:http/incoming-handler", name: "handle" } as const;
/** By hand: nobody else gets at it. */
export const LOCAL: ListenAddress = { host: "127.0.0.1", port: 8080 };
/** By hand: nothing routes connections to it, and nobody else needs it. */
export const LOCAL_LIMITS: ServerLimits = { ...DEFAULT_LIMITS, maxThreads: 1, lingerMs: 0 };
/** In a pod. */
export const EVERYWHERE: ListenAddress = { host: "0.0.0.0", port: 80 };

export interface ServeOptions {
  readonly guest: GuestOptions;
  readonly arguments: readonly string[];
  readonly address: ListenAddress;
  readonly limits: ServerLimits;
}

/** @throws {ServeError} `USAGE` */
export function parseServe(args: readonly string[], environment: CommandIo["environment"]): ServeOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...GUEST_FLAGS, ...LIMIT_FLAGS, listen: { type: "string" }, pod: { type: "boolean" } },
  });
  const [fallback, limits] = values.pod === true ? [EVERYWHERE, DEFAULT_LIMITS] : [LOCAL, LOCAL_LIMITS];
  if (positionals.length > 1) {
    throw new ServeError("USAGE", `Cannot serve "${positionals[1]}" too: serve takes one component`);
  }
  const guest = guestOptionsFrom(positionals[0], values, environment);
  return {
    guest,
    arguments: [guest.file],
    address:
      values.listen === undefined
        ? listenAddressFrom(environment, fallback)
        : parseListenAddress(values.listen, "--listen"),
    limits: limitsFrom(values, limits),
  };
}

/** Serves the component until `signal` aborts. Returns the exit code. */
export async function serve(options: ServeOptions, io: CommandIo, signal: AbortSignal): Promise<number> {
  const linked = loadComponent(options.guest);
  if (!isServable(linked)) {
    throw new ServeError("NO_ENTRY", `Cannot serve "${options.guest.file}": it does not export ${ENTRY.interface}`);
  }
  return serveLinked(linked, options, io, signal);
}

/** Whether the component can be served. */
export function isServable(linked: Linked<HostState>): boolean {
  return hasExport(linked, ENTRY);
}

/** As {@link serve}, with a component that is loaded. */
export async function serveLinked(
  linked: Linked<HostState>,
  options: ServeOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const log = new PodLog((line) => io.stderr.write(line));
  const { address, limits } = options;
  using services = createPlainServices({ guest: options.guest, arguments: options.arguments, io });
  const visits = new Visits(limits, (what) => {
    becomeSmall([pool], what, log);
  });
  const entry = new IncomingHandlerEntry(services);
  const { handler, pool } = createComponentHandler({ linked, services, entry, limits, log, visits });
  const requests = new GuestRequests({ handler, visits });
  const fields = { reset: linked.reset.kind === "allowed" ? "allowed" : linked.reset.reason };
  await serveUntil({ requests, address, limits, log, fields, host: io }, signal);
  pool.shrink(0);
  return 0;
}
