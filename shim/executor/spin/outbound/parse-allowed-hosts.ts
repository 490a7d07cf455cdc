import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import type { AllowedHost, AllowedHosts, HostRule } from "./allowed-hosts.ts";
import { NetworkSet, parseNetwork } from "./networks.ts";
import { bareHost, defaultPortOf } from "./outbound-target.ts";
import { CHAINING_SUFFIX } from "./service-chaining.ts";

const MAX_ENTRIES = 4096;
const MAX_LENGTH = 2048;
const SCHEME = /^[a-z]+$/i;
/** A name, in the loose form that resolvers take; also underscores. */
const NAME = /^[\w-]+(?:\.[\w-]+)*\.?$/;
const ANY_PORT = [0, 65_535] as const;
const PORT = /^\d{1,5}$/;
const ALLOW_ALL = "insecure:allow-all";

/** Why an entry is none, and what to do about it. */
class Problem extends Error {
  /** The same without anything of the entry in it. */
  readonly hidden: string;

  constructor(message: string, hidden: string = message) {
    super(message);
    this.hidden = hidden;
  }
}

/** An entry whose templates are resolved. */
export interface ResolvedEntry {
  readonly text: string;
  /** As in the manifest: what errors show, for the values of variables may be secret. */
  readonly written: string;
}

/**
 * What a component's `allowed_outbound_hosts` allow: `scheme://host[:port]`, with `*` for any scheme, host or port,
 * `*.` in front of a domain, networks (`10.0.0.0/8`), ranges of ports (`8000..9000`, the end not included), and `self`.
 *
 * @param entries with their templates resolved.
 * @param owner for messages: `component "hello"`.
 * @throws {SpinError} `INVALID`
 */
export function parseAllowedHosts(entries: readonly (string | ResolvedEntry)[], owner: string): AllowedHosts {
  if (entries.length > MAX_ENTRIES) {
    const is = `it has ${String(entries.length)} entries, and the limit is ${String(MAX_ENTRIES)}`;
    throw new SpinError("INVALID", `Cannot use allowed_outbound_hosts of ${owner}: ${is}: write fewer, with wildcards`);
  }
  return entries.map((entry) => {
    const { text, written } = typeof entry === "string" ? { text: entry, written: entry } : entry;
    const parsed = tryEntry(text.trim());
    if (!(parsed instanceof Problem)) return parsed;
    const why = text === written ? parsed.message : `with the values of its variables, ${parsed.hidden}`;
    throw new SpinError("INVALID", `Cannot use ${quote(written)} in allowed_outbound_hosts of ${owner}: ${why}`);
  });
}

function tryEntry(entry: string): AllowedHost | Problem {
  try {
    return parseEntry(entry);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function parseEntry(entry: string): AllowedHost {
  if (entry.length > MAX_LENGTH) throw new Problem(`it has more than ${String(MAX_LENGTH)} characters: shorten it`);
  if (entry === ALLOW_ALL) throw new Problem("it is of Spin 1: write *://*:* to allow everything");
  const [, scheme, rest] = /^(.*?):\/\/(.*)$/s.exec(entry) ?? [];
  if (scheme === undefined || rest === undefined) {
    throw new Problem("it has no scheme: write scheme://host, with * for any: https://example.com, *://*:*");
  }
  const { host, port } = splitPort(rest);
  const rule = parseHost(host);
  return { scheme: parseScheme(scheme), host: rule, ports: parsePorts(port, scheme.toLowerCase(), rule) };
}

function parseScheme(scheme: string): string | undefined {
  if (scheme === "*") return undefined;
  if (scheme.startsWith("{")) throw new Problem("it has a list of schemes: write an entry for each");
  if (!SCHEME.test(scheme)) {
    const is = "has more than letters: write http, or *";
    throw new Problem(`its scheme ${quote(scheme)} ${is}`, `its scheme ${is}`);
  }
  return scheme.toLowerCase();
}

/** The colons of IPv6 are no port's, in brackets or not. */
function splitPort(rest: string): { readonly host: string; readonly port: string | undefined } {
  const whole = rest.replace(/\/$/, "");
  if (parseNetwork(whole) !== undefined) return { host: whole, port: undefined };
  const [, bracketed, after] = /^(\[[^\]]*\](?:\/\d+)?)(?::(.*))?$/s.exec(whole) ?? [];
  if (bracketed !== undefined) return { host: bracketed, port: after };
  const colon = whole.lastIndexOf(":");
  return colon < 0 ? { host: whole, port: undefined } : { host: whole.slice(0, colon), port: whole.slice(colon + 1) };
}

function parseHost(text: string): HostRule {
  const host = bareHost(text.trim());
  if (host === "*") return { kind: "any" };
  if (host === "self" || host === "self.alt") return { kind: "self" };
  if (host.startsWith("{")) throw new Problem("it has a list of hosts: write an entry for each");
  const network = parseNetwork(host.replace(/^\[(.*)\]\//, "$1/"));
  if (network !== undefined) return { kind: "network", network: new NetworkSet([network]) };
  return parseName(host);
}

function parseName(host: string): HostRule {
  if (host.includes("/")) throw new Problem("it has a path: leave it out, all paths of a host are allowed");
  const name = host.startsWith("*.") ? host.slice(2) : host;
  if (name.includes("*")) throw new Problem('its host has a * within: write * alone, or "*." in front of a domain');
  if (!NAME.test(name)) {
    const is = "is no host: write a name, an address, or *";
    throw new Problem(`${quote(name)} ${is}`, `what follows its scheme ${is}`);
  }
  return host === name ? { kind: "name", name } : { kind: "suffix", suffix: `.${name}` };
}

function parsePorts(text: string | undefined, scheme: string, host: HostRule): readonly [number, number] {
  if (text === undefined || text === "") return portOfScheme(scheme, host);
  if (text === "*") return ANY_PORT;
  const [from = "", to, ...more] = text.split("..");
  const first = parsePort(from);
  if (to === undefined) return [first, first];
  const end = parsePort(to);
  if (more.length > 0 || end <= first) {
    const are = "are none: write from..end, the end larger and not included";
    throw new Problem(`its ports ${quote(text)} ${are}`, `its ports ${are}`);
  }
  return [first, end - 1];
}

function parsePort(text: string): number {
  const port = PORT.test(text) ? Number(text) : Infinity;
  if (port <= 65_535) return port;
  if (text.includes("/")) throw new Problem("it has a path: leave it out, all paths of a host are allowed");
  const is = "is no number from 0 to 65535: write one, or * for any";
  throw new Problem(`its port ${quote(text)} ${is}`, `its port ${is}`);
}

function portOfScheme(scheme: string, host: HostRule): readonly [number, number] {
  const port = defaultPortOf(scheme);
  if (port !== undefined) return [port, port];
  // Requests between components have no ports that mean anything.
  if (scheme === "*" && isInternal(host)) return ANY_PORT;
  const none = "none of its own: write :port, or :* for any";
  throw new Problem(`it has no port, and ${quote(scheme)} ${none}`, `it has no port, and its scheme ${none}`);
}

function isInternal(host: HostRule): boolean {
  if (host.kind === "name") return host.name.endsWith(CHAINING_SUFFIX);
  return host.kind === "self" || (host.kind === "suffix" && host.suffix === CHAINING_SUFFIX);
}
