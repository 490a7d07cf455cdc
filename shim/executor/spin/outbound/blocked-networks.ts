import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import { type Network, NetworkSet, parseNetwork } from "./networks.ts";

const MAX_NETWORKS = 4096;

/**
 * What no server of the open internet has as its address.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry/iana-ipv6-special-registry.xhtml}
 */
const PRIVATE: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  // Without address, loopback, and the old form of IPv4 in IPv6.
  "::/96",
  // IPv4 behind a translator.
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  // IPv4 behind a relay, as 10.0.0.1 in 2002:a00:1::/48.
  "2002::/16",
  "fc00::/7",
  "fe80::/9",
  "ff00::/8",
];

/**
 * `[outbound_networking] block_networks`: what no guest may connect to, whatever its manifest allows. Asked with
 * addresses, after names are looked up.
 *
 * @param entries networks, single addresses, or `private`.
 * @throws {SpinError} `INVALID`
 */
export function parseBlockedNetworks(entries: readonly string[]): NetworkSet {
  if (entries.length > MAX_NETWORKS) {
    const is = `it has ${String(entries.length)} entries, and the limit is ${String(MAX_NETWORKS)}`;
    throw new SpinError("INVALID", `Cannot use block_networks of the runtime configuration: ${is}: write larger ones`);
  }
  return new NetworkSet(entries.flatMap((entry) => networksOf(entry)));
}

function networksOf(entry: string): readonly Network[] {
  const networks = (entry === "private" ? PRIVATE : [entry]).map((text) => parseNetwork(text));
  return networks.map((network) => {
    if (network !== undefined) return network;
    throw new SpinError(
      "INVALID",
      `Cannot use ${quote(entry)} in block_networks of the runtime configuration: it is no network: write one such as "10.0.0.0/8", or "private"`,
    );
  });
}
