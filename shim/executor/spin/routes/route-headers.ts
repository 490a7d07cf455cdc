import type { RouteMatch } from "./router.ts";

export interface RoutedRequest {
  /** The host that the client asked for, with its port: `example.com:80`. */
  readonly authority: string;
  /** As in the request. */
  readonly pathWithQuery: string;
  /** Of the peer, with its port: `10.0.0.1:51234`. */
  readonly clientAddress: string;
}

const REST = "/...";

/**
 * What Spin tells a component about a request, beside the client's headers: names and values in turn. The scheme is
 * always http: TLS ends elsewhere.
 *
 * Whoever adds them takes out what the client sent under these names, so that each is there once, and true.
 */
export function routeHeaders(match: RouteMatch<unknown>, request: RoutedRequest): readonly string[] {
  const route = match.pattern.text;
  const headers = [
    "spin-path-info",
    match.pathInfo,
    "spin-full-url",
    `http://${request.authority}${request.pathWithQuery}`,
    "spin-matched-route",
    fromRoot(route),
    "spin-base-path",
    "/",
    "spin-raw-component-route",
    route,
    "spin-component-route",
    route.endsWith(REST) ? route.slice(0, -REST.length) : route,
    "spin-client-addr",
    request.clientAddress,
  ];
  for (const [name, value] of match.names) headers.push(headerOfName(name), value);
  return headers;
}

/** Whether only the host may write it: the client's is not passed on. @param name in lower case. */
export function isRouteHeader(name: string): boolean {
  return name.startsWith("spin-");
}

/** With a `/` in front, and none at the end: of `/` nothing is left, as Spin has it. */
function fromRoot(route: string): string {
  const path = route.startsWith("/") ? route : `/${route}`;
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

function headerOfName(name: string): string {
  return `spin-path-match-${name.toLowerCase().replaceAll("_", "-")}`;
}
