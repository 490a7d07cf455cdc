import type { OutgoingTarget } from "../host/http/outgoing-service.ts";

/**
 * The policy of a list of hosts: `example.com`, `example.com:8080`, `*.example.com`. Without a port, any is allowed.
 * `undefined` allows all.
 */
export function isAllowedHost(allowed: readonly string[] | undefined, { host, port }: OutgoingTarget): boolean {
  if (allowed === undefined) return true;
  return allowed.some((pattern) => {
    const [, name = pattern, wantedPort] = /^(.+?)(?::(\d+))?$/.exec(pattern) ?? [];
    if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
    return name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name;
  });
}
