import type { OutboundTarget } from "./outbound-target.ts";

/** For the log of a component that is not allowed to connect there: what happened, and what would allow it. */
export function describeDenial({ scheme, host, port }: OutboundTarget): string {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  const address = `${scheme}://${bracketed}${port === undefined ? "" : `:${String(port)}`}`;
  return [
    `A component tried to make an outbound network connection to disallowed destination '${address}'.`,
    `To allow it, add 'allowed_outbound_hosts = ["${address}"]' to the component's section of the manifest.`,
  ].join("\n");
}
