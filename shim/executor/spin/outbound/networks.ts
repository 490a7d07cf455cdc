import { BlockList, isIP } from "node:net";

export interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

const PREFIX = /^\d{1,3}$/;
const MAPPED = new BlockList();
MAPPED.addSubnet("::ffff:0:0", 96, "ipv6");

/** One address, or a network: `10.0.0.0/8`. `undefined` if it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", prefixText, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const family = version === 4 ? "ipv4" : "ipv6";
  if (prefixText === undefined) return { address, prefix: most, family };
  const prefix = PREFIX.test(prefixText) ? Number(prefixText) : Infinity;
  return prefix <= most ? { address, prefix, family } : undefined;
}

/** What is in some networks. */
export class NetworkSet {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  constructor(networks: readonly Network[]) {
    for (const { address, prefix, family } of networks) this.#lists[family].addSubnet(address, prefix, family);
  }

  /** @param host without brackets; a name is in no network. IPv4 written as IPv6 (`::ffff:10.0.0.1`) counts as IPv4. */
  has(host: string): boolean {
    const version = isIP(host);
    if (version === 0) return false;
    const family = version === 4 ? "ipv4" : "ipv6";
    const isIpv4 = version === 4 || MAPPED.check(host, family);
    return this.#lists[isIpv4 ? "ipv4" : "ipv6"].check(host, family);
  }
}
