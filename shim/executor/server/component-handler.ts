import type { Linked } from "../component/host-interface.ts";
import type { RequestHead } from "../host/http/messages.ts";
import type { HostServices } from "../host/services.ts";
import { HostState } from "../host/state.ts";
import { GuestHandler, type GuestHandlerOptions } from "./guest-handler.ts";
import { InstancePool } from "./instance-pool.ts";

/** Time for an instance to start when no request waits for it. */
const START_MS = 30_000;

export interface ComponentHandlerOptions<Head extends RequestHead> extends Omit<GuestHandlerOptions<Head>, "pool"> {
  readonly linked: Linked<HostState>;
  /** What instances see that are made before there is a request for them. */
  readonly services: HostServices;
}

/** A component that answers requests. */
export interface ComponentHandler<Head extends RequestHead> {
  readonly handler: GuestHandler<Head>;
  readonly pool: InstancePool;
}

/** @throws {Error} if the component cannot be instantiated. */
export function createComponentHandler<Head extends RequestHead>({
  linked,
  services,
  ...options
}: ComponentHandlerOptions<Head>): ComponentHandler<Head> {
  const { computeMs } = options.limits;
  const pool = new InstancePool({
    linked,
    entry: options.entry.export,
    startState: () => new HostState(services, { deadlineMs: performance.now() + START_MS, computeMs }),
  });
  pool.warm();
  return { handler: new GuestHandler({ ...options, pool }), pool };
}
