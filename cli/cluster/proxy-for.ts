import { isIP } from "node:net";
import { isInBlock } from "@rcm/lib/address-block";
import type { Environment } from "./surroundings.ts";

/**
 * The proxy that the environment names for a server, as programs in Go read it: HTTPS_PROXY or HTTP_PROXY, in capitals
 * or not, unless NO_PROXY has the server or it is this machine.
 *
 * @see {@link https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config}
 */
export function proxyFor(server: string, env: Environment): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, "");
  const proxy = valueOf(env, protocol === "https:" ? "https_proxy" : "http_proxy");
  if (proxy === "" || isThisMachine(host)) return undefined;
  const exceptions = valueOf(env, "no_proxy").split(",");
  const isExcepted = exceptions.some((exception) =>
    isMeant(exception.trim().toLowerCase(), host, port === "" ? defaultPort(protocol) : port),
  );
  if (isExcepted) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function valueOf(env: Environment, name: string): string {
  return env[name.toUpperCase()] ?? env[name] ?? "";
}

function defaultPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** An exception is `*`, an address, a block of addresses, or a domain with all below it, each with a port or without. */
function isMeant(exception: string, host: string, port: string): boolean {
  if (exception === "*") return true;
  if (exception.includes("/")) return isInBlock(exception, host);
  const { name, onlyPort = port } = partsOf(exception);
  return onlyPort === port && (isIP(host) === 0 ? isInDomain(name, host) : name === host);
}

/** `host:port`, `[address]:port` or the first of them alone. */
function partsOf(exception: string): { readonly name: string; readonly onlyPort?: string | undefined } {
  if (isIP(exception) === 6) return { name: exception };
  const [, name = exception, onlyPort] = /^\[?([^[\]]+?)\]?:(\d+)$/.exec(exception) ?? [];
  return { name, onlyPort };
}

/** With a dot before it, a domain is only what is below it. */
function isInDomain(domain: string, host: string): boolean {
  const bare = domain.replace(/^\*?\./, "");
  return bare !== "" && (host.endsWith(`.${bare}`) || (bare === domain && host === bare));
}
