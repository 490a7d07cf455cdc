import type { NetworkSet } from "./networks.ts";
import { bareHost, defaultPortOf, type OutboundTarget } from "./outbound-target.ts";

/** What a component may connect to: made by `parseAllowedHosts`. */
export type AllowedHosts = readonly AllowedHost[];

export interface AllowedHost {
  /** `undefined`: any. */
  readonly scheme: string | undefined;
  readonly host: HostRule;
  /** From and to, both included. */
  readonly ports: readonly [from: number, to: number];
}

export type HostRule =
  | { readonly kind: "any" }
  /** With the dot in front: all names that end so. */
  | { readonly kind: "suffix"; readonly suffix: string }
  | { readonly kind: "name"; readonly name: string }
  /** Networks and single addresses. */
  | { readonly kind: "network"; readonly network: NetworkSet }
  /** The application itself. */
  | { readonly kind: "self" };

/** Whether one of the entries allows it. A host `self.alt` is a matter of {@link isSelfAllowed}. */
export function isAllowed(hosts: AllowedHosts, target: OutboundTarget): boolean {
  const host = bareHost(target.host);
  const port = target.port ?? defaultPortOf(target.scheme);
  return hosts.some(
    (allowed) => allowsScheme(allowed, target.scheme) && allowsHost(allowed.host, host) && allowsPort(allowed, port),
  );
}

/** Whether the component may send requests to its own application: to URLs without a host, and to `self.alt`. */
export function isSelfAllowed(hosts: AllowedHosts): boolean {
  return hosts.some((allowed) => {
    const { kind } = allowed.host;
    return (kind === "self" || kind === "any") && (allowsScheme(allowed, "http") || allowsScheme(allowed, "https"));
  });
}

/** Whether there is any address that the component may send datagrams to. */
export function isUdpAllowed(hosts: AllowedHosts): boolean {
  return hosts.some((allowed) => {
    const { kind } = allowed.host;
    return (kind === "any" || kind === "network") && allowsScheme(allowed, "udp");
  });
}

function allowsScheme({ scheme }: AllowedHost, wanted: string): boolean {
  return scheme === undefined || scheme === wanted;
}

function allowsHost(rule: HostRule, host: string): boolean {
  if (rule.kind === "name") return host === rule.name;
  if (rule.kind === "suffix") return host.endsWith(rule.suffix);
  if (rule.kind === "network") return rule.network.has(host);
  return rule.kind === "any";
}

function allowsPort({ ports: [from, to] }: AllowedHost, port: number | undefined): boolean {
  // Without a port, and none that the scheme has, only the rule for all of them fits.
  return port === undefined ? from === 0 && to === 65_535 : from <= port && port <= to;
}
