import { isInBlock } from "@rcm/lib/address-block";

/** Which proxy to use. */
export interface ProxySettings {
  /** For `http:` locations. */
  readonly http: URL | undefined;
  /** For `https:` locations. */
  readonly https: URL | undefined;
  /** What is reached without one. */
  readonly exceptions: readonly string[];
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//iu;

/**
 * Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`; the lower-case name wins over the upper-case one, and an
 * empty value means none, as for curl: https://curl.se/docs/manpage.html#ENVIRONMENT
 *
 * @throws {Error} if a proxy is no http or https URL; its message holds the variable's name only, as values hold passwords.
 */
export function parseProxyEnv(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  function value(name: string): string {
    return env[name] ?? env[name.toUpperCase()] ?? "";
  }
  function proxy(name: string): URL | undefined {
    return proxyUrl(name, value(name)) ?? proxyUrl("all_proxy", value("all_proxy"));
  }
  const exceptions = value("no_proxy")
    .split(/[\s,]+/u)
    .filter((item) => item !== "");
  return { http: proxy("http_proxy"), https: proxy("https_proxy"), exceptions };
}

/** The proxy to use for a location; `undefined`: none. */
export function proxyFor(url: URL, settings: ProxySettings): URL | undefined {
  const proxy = url.protocol === "https:" ? settings.https : settings.http;
  if (proxy === undefined || settings.exceptions.some((exception) => covers(exception, url))) return undefined;
  return proxy;
}

function proxyUrl(name: string, value: string): URL | undefined {
  if (value === "") return undefined;
  const text = HAS_SCHEME.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/u.test(url.protocol) && isEscapedWell(url)) return url;
  throw new Error(`the proxy in ${name} is no http or https URL`);
}

/** undici decodes the user and the password and would throw. */
function isEscapedWell({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}${password}`);
    return true;
  } catch {
    return false;
  }
}

/** An exception is `*`, a host with the hosts below it, `.below.it`, an address, or a range of addresses; all but the last may have a port. */
function covers(exception: string, url: URL): boolean {
  const host = bare(url.hostname);
  if (exception.includes("/")) return isInBlock(exception, host);
  const { name, port } = splitPort(exception.toLowerCase());
  if (port !== undefined && port !== (url.port === "" ? DEFAULT_PORTS[url.protocol] : url.port)) return false;
  if (name === "*") return true;
  const suffix = name.replace(/^\*?\./u, "").replace(/\.$/u, "");
  const below = host.endsWith(`.${suffix}`);
  return below || (host === suffix && !name.startsWith("*."));
}

/** A host as it is in `no_proxy`: no brackets, no dot at the end. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/u, "$1").replace(/\.$/u, "");
}

function splitPort(exception: string): { name: string; port: string | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/u.exec(exception);
  return { name: bare(match?.[1] ?? exception), port: match?.[2] };
}
