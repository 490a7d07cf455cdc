import { aborted } from "@rcm/lib/aborted";
import { messageOf } from "@rcm/lib/errors";
import type { Thoroughness } from "../../linux/collect-garbage.ts";
import { giveBackMemory } from "../../linux/give-back.ts";
import { HttpServer, type HttpServerOptions, LAST_MS } from "./http-server.ts";
import type { InstancePool } from "./instance-pool.ts";
import type { PodLog } from "./pod-log.ts";
import type { ThreadHost } from "./thread-host.ts";
import { Threads } from "./threads.ts";

/** How often a further thread looks whether it is still needed. */
const QUIET_MS = 10_000;

export interface ServeUntilOptions extends Omit<HttpServerOptions, "sharing" | "onRequest"> {
  readonly log: PodLog;
  /** What is logged besides the address. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly host: ThreadHost;
}

/**
 * Serves until `signal` aborts, in more than one thread if it has to.
 *
 * @throws {ServeError} `LISTEN` if the address is taken or may not be used.
 */
export async function serveUntil(
  { host, log, fields, ...options }: ServeUntilOptions,
  signal: AbortSignal,
): Promise<void> {
  const { limits } = options;
  const { further } = host;
  const { max, start } = host.threads ?? { max: 1, start: undefined };
  const threads = new Threads({
    max: Math.min(limits.maxThreads, max),
    start,
    log,
    onMore: () => {
      server.renewConnections();
    },
    onFewer: () => {
      becomeSmall([], "garbage", log);
    },
  });
  const server = new HttpServer({
    ...options,
    address: further?.address ?? options.address,
    sharing: sharingOf(threads, further !== undefined),
    onRequest: () => {
      threads.noteRequest();
    },
  });
  const { address, port } = await server.listen();
  threads.address = { host: address, port };
  if (further === undefined) log.info("Serving", { address, port, ...fields });
  else askForEnd(server, further);
  host.ready?.();
  await aborted(signal);
  await Promise.all([server.stop(), threads.stop(limits.graceMs + LAST_MS)]);
}

function sharingOf({ mayBeMany }: Threads, isFurther: boolean): HttpServerOptions["sharing"] {
  if (isFurther) return "further";
  return mayBeMany ? "first" : "none";
}

/** Where nobody is connected any more, no request is lost with the thread. */
function askForEnd(server: HttpServer, further: NonNullable<ThreadHost["further"]>): void {
  let seen = 0;
  setInterval(() => {
    if (server.connections === 0 && server.requests === seen) further.quiet();
    seen = server.requests;
  }, QUIET_MS).unref();
}

/** After a while without requests: memory is for those who work. */
export function becomeSmall(pools: readonly InstancePool[], what: Thoroughness, log: PodLog): void {
  for (const pool of pools) pool.shrink(1);
  giveBackMemory(what, (error) => {
    log.error("Memory not given back", { reason: messageOf(error) });
  });
}
