import type { Linked } from "../../component/host-interface.ts";
import type { HostServices } from "../../host/services.ts";
import type { HostState } from "../../host/state.ts";
import { createComponentHandler } from "../../server/component-handler.ts";
import { type GuestEntry, IncomingHandlerEntry } from "../../server/guest-entry.ts";
import type { InstancePool } from "../../server/instance-pool.ts";
import type { ServerLimits } from "../../server/limits.ts";
import type { PodLog } from "../../server/pod-log.ts";
import type { Visits } from "../../server/visits.ts";
import type { LockedApp } from "../app/locked-app.ts";
import { SpinError } from "../errors.ts";
import { Router } from "../routes/router.ts";
import { WagiEntry } from "../wagi/wagi-entry.ts";
import type { Chain } from "./chain.ts";
import { HttpRequests, type RouteTarget, type SpinGuestHandler } from "./http-requests.ts";
import type { HttpExecutor, HttpTarget, HttpTriggerConfig } from "./http-trigger-config.ts";
import { InboundHttpEntry } from "./inbound-http.ts";
import type { RoutedRequest } from "./routed-request.ts";
import { WellKnown } from "./well-known.ts";

/** A component that is ready to have instances. */
export interface SpinComponent {
  readonly linked: Linked<HostState>;
  readonly services: HostServices;
}

export interface HttpTriggerOptions {
  readonly app: LockedApp;
  readonly triggers: readonly HttpTriggerConfig[];
  /** By their ids: all that triggers name. */
  readonly components: ReadonlyMap<string, SpinComponent>;
  readonly visits: Visits;
  readonly chain: Chain;
  readonly limits: ServerLimits;
  readonly log: PodLog;
}

export interface HttpTrigger {
  readonly requests: HttpRequests;
  readonly pools: readonly InstancePool[];
  /** For the log: what leads where. */
  readonly routes: readonly { readonly route: string; readonly component: string | undefined }[];
}

/**
 * Makes the first instance of each component, and the routes to them.
 *
 * @throws {SpinError} `INVALID` for routes that are none, and components that cannot take requests; {@link Error} for
 *   components that cannot be instantiated.
 */
export function createHttpTrigger(options: HttpTriggerOptions): HttpTrigger {
  const { triggers, visits, chain, limits, log } = options;
  const pools: InstancePool[] = [];
  const handlers = new Map<string, SpinGuestHandler>();
  for (const [id, executor] of executorsOf(triggers)) {
    const component = options.components.get(id);
    if (component === undefined) continue;
    const entry = entryOf(id, component, executor);
    const { handler, pool } = createComponentHandler({
      ...component,
      entry,
      limits,
      log,
      visits,
      logFields: { component: id },
    });
    handlers.set(id, handler);
    pools.push(pool);
  }
  const router = new Router(triggers.map((trigger) => routeOf(trigger, handlers)));
  for (const fields of router.replaced) log.error("Route replaced by a later one", { ...fields });
  const requests = new HttpRequests({
    router,
    components: new Map([...handlers].map(([id, handler]) => [id.toLowerCase(), handler])),
    wellKnown: new WellKnown(options.app),
    visits,
    chain,
  });
  return { requests, pools, routes: triggers.map((trigger) => logged(trigger)) };
}

/** If a component has several triggers, the settings of the last count. */
function executorsOf(triggers: readonly HttpTriggerConfig[]): ReadonlyMap<string, HttpExecutor> {
  return new Map(
    triggers.flatMap(({ target }) => (target.kind === "component" ? [[target.id, target.executor] as const] : [])),
  );
}

function routeOf(
  { route, target }: HttpTriggerConfig,
  handlers: ReadonlyMap<string, SpinGuestHandler>,
): { readonly route: string | undefined; readonly owner: string; readonly target: RouteTarget } {
  if (target.kind === "static") return { route, owner: "a static response", target: staticTarget(target) };
  const owner = `component "${target.id}"`;
  const handler = handlers.get(target.id);
  if (handler === undefined) throw new SpinError("INVALID", `Cannot route to ${owner}: the application has none`);
  return { route, owner, target: { kind: "component", handler } };
}

function staticTarget({ status, headers, body }: Extract<HttpTarget, { readonly kind: "static" }>): RouteTarget {
  return { kind: "static", status, headers: headers.flat(), body: Buffer.from(body) };
}

function logged({ route, target }: HttpTriggerConfig): HttpTrigger["routes"][number] {
  return { route: route ?? "private", component: target.kind === "component" ? target.id : undefined };
}

const HANDLERS = ["wasi:http/incoming-handler", "fermyon:spin/inbound-http"] as const;
const COMMAND = "wasi:cli/run";

function entryOf(id: string, { linked, services }: SpinComponent, executor: HttpExecutor): GuestEntry<RoutedRequest> {
  const exported = new Set(linked.exports.map((item) => item.interface));
  if (executor.kind === "wagi") {
    if (exported.has(COMMAND)) return new WagiEntry(services, executor.argv);
    throw new SpinError("INVALID", `Cannot run the component "${id}" as wagi: it does not export ${COMMAND} (0.2)`);
  }
  const [handler, ...more] = HANDLERS.filter((name) => exported.has(name));
  if (more.length > 0) {
    throw new SpinError(
      "INVALID",
      `Cannot serve the component "${id}": it exports ${HANDLERS.join(" and ")}: keep one`,
    );
  }
  if (handler === "wasi:http/incoming-handler") return new IncomingHandlerEntry(services);
  if (handler === "fermyon:spin/inbound-http") return new InboundHttpEntry(services);
  const hint = exported.has(COMMAND) ? `: as it exports ${COMMAND}, give its trigger executor = { type = "wagi" }` : "";
  throw new SpinError(
    "INVALID",
    `Cannot serve the component "${id}": it exports neither ${HANDLERS.join(" nor ")}${hint}`,
  );
}
