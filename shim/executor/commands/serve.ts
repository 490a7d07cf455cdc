import { parseArgs } from "node:util";
import { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { GuestRequests } from "../server/guest-requests.ts";
import { HttpServer } from "../server/http-server.ts";
import { InstancePool } from "../server/instance-pool.ts";
import { DEFAULT_LIMITS, type ServerLimits } from "../server/limits.ts";
import { type ListenAddress, listenAddressFrom, parseListenAddress } from "../server/listen-address.ts";
import { PodLog } from "../server/pod-log.ts";
import type { CommandIo } from "./command-io.ts";
import { GUEST_FLAGS, type GuestOptions, guestOptionsFrom } from "./guest-options.ts";
import { createServices } from "./host-services.ts";
import { LIMIT_FLAGS, limitsFrom } from "./limit-flags.ts";
import { hasExport, loadComponent } from "./load-component.ts";

const ENTRY = { interface: "wasi:http/incoming-handler", name: "handle" } as const;
/** By hand: nobody else gets at it. */
const LOCAL: ListenAddress = { host: "127.0.0.1", port: 8080 };
/** In a pod. */
const EVERYWHERE: ListenAddress = { host: "0.0.0.0", port: 80 };
/** Time for an instance to start when no request waits for it. */
const START_MS = 30_000;

export interface ServeOptions {
  readonly guest: GuestOptions;
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
  const fallback = values.pod === true ? EVERYWHERE : LOCAL;
  if (positionals.length > 1) {
    throw new ServeError("USAGE", `Cannot serve "${positionals[1]}" too: serve takes one component`);
  }
  return {
    guest: guestOptionsFrom(positionals[0], values, environment),
    address:
      values.listen === undefined
        ? listenAddressFrom(environment, fallback)
        : parseListenAddress(values.listen, "--listen"),
    limits: limitsFrom(values, DEFAULT_LIMITS),
  };
}

/** Serves the component until `signal` aborts. Returns the exit code. */
export async function serve(options: ServeOptions, io: CommandIo, signal: AbortSignal): Promise<number> {
  const log = new PodLog((line) => io.stderr.write(line));
  const linked = loadComponent(options.guest);
  if (!hasExport(linked, ENTRY)) {
    throw new ServeError("NO_ENTRY", `Cannot serve "${options.guest.file}": it does not export ${ENTRY.interface}`);
  }
  using services = createServices({ guest: options.guest, arguments: [options.guest.file], io });
  const pool = new InstancePool({
    linked,
    entry: ENTRY,
    startState: () =>
      new HostState(services, { deadlineMs: performance.now() + START_MS, computeMs: options.limits.computeMs }),
  });
  pool.warm();
  const requests = new GuestRequests({ pool, services, limits: options.limits, log, onQuiet: () => becomeSmall(pool) });
  const server = new HttpServer({ requests, address: options.address, limits: options.limits });
  const { address, port } = await server.listen();
  log.info("Serving", { address, port, reset: linked.reset.kind === "allowed" ? "allowed" : linked.reset.reason });
  await aborted(signal);
  await server.stop();
  pool.shrink(0);
  return 0;
}

/** After a while without requests: memory is for those who work. */
function becomeSmall(pool: InstancePool): void {
  pool.shrink(1);
  globalThis.gc?.({ type: "major", flavor: "last-resort", execution: "sync" }); // Only with --expose-gc.
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener(
    "abort",
    () => {
      resolve(undefined);
    },
    { once: true },
  );
  await promise;
}
