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
const IPV4_MULTICAST = 224;
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
 * @throws {NetworkError} `invalid-argument` if no socket of the family can have or reach it.
 */
export function assertUsable({ tag, val }: SocketAddress, family: AddressFamily): void {
  const [first = 0] = val.address;
  const isMulticast = tag === "ipv4" ? first >= IPV4_MULTICAST : first >= IPV6_MULTICAST;
  const isMapped = tag === "ipv6" && val.address.slice(0, 6).join(",") === MAPPED_PREFIX;
  if (tag !== family || isMulticast || isMapped) throw new NetworkError("invalid-argument");
}

/** @throws {NetworkError} `invalid-argument` if there can be no peer at the address. */
export function assertRemote({ val }: SocketAddress): void {
  if (val.port === 0 || val.address.every((part) => part === 0)) throw new NetworkError("invalid-argument");
}
