import { NetworkError } from "./network-error.ts";

export type AddressFamily = "ipv4" | "ipv6";

/** `wasi:sockets/network.ip-address` */
export type IpAddress =
  | { readonly tag: "ipv4"; readonly val: readonly number[] }
  | { readonly tag: "ipv6"; readonly val: readonly number[] };

/** `wasi:sockets/network.ip-socket-address` */
export type SocketAddress =
  | { readonly tag: "ipv4"; readonly val: { readonly port: number; readonly address: readonly number[] } }
  | {
      readonly tag: "ipv6";
      readonly val: {
        readonly port: number;
        readonly flowInfo: number;
        readonly address: readonly number[];
        readonly scopeId: number;
      };
    };

/** As Node has it. */
export interface NodeAddress {
  readonly address: string;
  readonly port: number;
}

const MAPPED_PREFIX = "0,0,0,0,0,65535";
const COMPATIBLE_PREFIX = "0,0,0,0,0,0";
const IPV6_MULTICAST = 0xff00;

/** The address in text, IPv6 in full. */
export function nodeAddressOf({ tag, val }: SocketAddress): NodeAddress {
  const { address, port } = val;
  return { address: tag === "ipv4" ? address.join(".") : address.map((part) => part.toString(16)).join(":"), port };
}

export function socketAddressOf({ address, port }: NodeAddress): SocketAddress {
  const ip = ipAddressOf(address);
  return ip.tag === "ipv4"
    ? { tag: "ipv4", val: { port, address: ip.val } }
    : { tag: "ipv6", val: { port, flowInfo: 0, address: ip.val, scopeId: 0 } };
}

/** Parses what Node calls an address: dotted, or IPv6 in any form, with or without a zone. */
export function ipAddressOf(text: string): IpAddress {
  if (!text.includes(":")) return { tag: "ipv4", val: text.split(".").map(Number) };
  const [bare = ""] = text.split("%", 1);
  return { tag: "ipv6", val: ipv6Parts(withoutDots(bare)) };
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function withoutDots(text: string): string {
  const colon = text.lastIndexOf(":");
  const last = text.slice(colon + 1);
  if (!last.includes(".")) return text;
  const [a = 0, b = 0, c = 0, d = 0] = last.split(".").map(Number);
  return `${text.slice(0, colon + 1)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function ipv6Parts(text: string): number[] {
  const [head = "", tail] = text.split("::", 2);
  const first = hexParts(head);
  if (tail === undefined) return first;
  const last = hexParts(tail);
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

function hexParts(text: string): number[] {
  return text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
}

/**
 * Checks an address that a guest gives to a socket of `family`.
 *
 * @throws {NetworkError} `invalid-argument` if it is of the other family, or says IPv4 in IPv6.
 */
export function assertOfFamily({ tag, val }: SocketAddress, family: AddressFamily): void {
  if (tag !== family || (tag === "ipv6" && saysIpv4(val.address))) throw new NetworkError("invalid-argument");
}

/** As `::ffff:1.2.3.4`, or as `::1.2.3.4`, which RFC 4291 has done away with. */
function saysIpv4(address: readonly number[]): boolean {
  const prefix = address.slice(0, 6).join(",");
  const [high = 0, low = 0] = address.slice(6);
  return prefix === MAPPED_PREFIX || (prefix === COMPATIBLE_PREFIX && (high > 0 || low > 1));
}

/** @throws {NetworkError} `invalid-argument` for what is for many at once: TCP has only two ends. */
export function assertUnicast(address: SocketAddress): void {
  const [first = 0] = address.val.address;
  const isMulticast = address.tag === "ipv4" ? first >> 4 === 14 : first >= IPV6_MULTICAST;
  if (isMulticast || isBroadcast(address)) throw new NetworkError("invalid-argument");
}

/** The address that means all of the network that one is in. */
export function isBroadcast({ tag, val }: SocketAddress): boolean {
  return tag === "ipv4" && val.address.every((part) => part === 255);
}

/** @throws {NetworkError} `invalid-argument` if there can be no peer at the address. */
export function assertRemote({ val }: SocketAddress): void {
  if (val.port === 0 || val.address.every((part) => part === 0)) throw new NetworkError("invalid-argument");
}
