/** Where a component wants to connect to. */
export interface OutboundTarget {
  /** `http`, `redis`, `tcp`, … in lower case. */
  readonly scheme: string;
  /** In lower case, IPv6 without brackets. */
  readonly host: string;
  /** `undefined`: the scheme's own. */
  readonly port: number | undefined;
}

export interface ParsedAddress extends OutboundTarget {
  /**
   * The address, user and password encoded. To be connected to in place of the text that was given, so that nobody reads
   * another host out of it than the one that was checked.
   */
  readonly href: string;
}

const SCHEME_END = "://";
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const MAX_LENGTH = 8192;

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
  ["postgres", 5432],
  ["mysql", 3306],
  ["redis", 6379],
  ["mqtt", 1883],
]);

export function defaultPortOf(scheme: string): number | undefined {
  return DEFAULT_PORTS.get(scheme);
}

/**
 * The parts of an address that a component gave: `redis://user:pass@host:6379/1`, or `host:6379`.
 *
 * @param scheme for addresses without one.
 * @returns `undefined` if it is no address, or could be read as two: then nothing is allowed.
 */
export function parseAddress(address: string, scheme: string): ParsedAddress | undefined {
  if (address.length > MAX_LENGTH) return undefined;
  const url = parseUrl(encodeUser(address), scheme);
  if (url === undefined) return undefined;
  // `http://evil.test?@good.test` is the host evil.test without our encoding, and good.test with it.
  const asGiven = parseUrl(address, scheme);
  if (asGiven !== undefined && asGiven.host !== url.host) return undefined;
  return {
    scheme: url.protocol.slice(0, -1),
    host: bareHost(url.hostname),
    port: url.port === "" ? undefined : Number(url.port),
    href: url.href,
  };
}

/** In lower case; IPv6 without brackets. */
export function bareHost(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return bare.toLowerCase();
}

/** A password may have any character in it: only what is before the `@` is encoded. */
function encodeUser(address: string): string {
  const scheme = address.indexOf(SCHEME_END);
  const from = scheme < 0 ? 0 : scheme + SCHEME_END.length;
  const slash = address.indexOf("/", from);
  const at = address.lastIndexOf("@", slash < 0 ? address.length : slash);
  if (at < from) return address;
  const [user = "", ...password] = address.slice(from, at).split(":");
  const encoded = [user, ...(password.length === 0 ? [] : [password.join(":")])].map(encodeOnce).join(":");
  return `${address.slice(0, from)}${encoded}${address.slice(at)}`;
}

/** What is encoded already stays as it is. */
function encodeOnce(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%25(?=[0-9A-Fa-f]{2})/g, "%");
}

function parseUrl(address: string, scheme: string): URL | undefined {
  const url = URL.parse(HAS_SCHEME.test(address) ? address : `${scheme}${SCHEME_END}${address}`);
  return url === null || url.hostname === "" ? undefined : url;
}
