import { BlockList, isIP } from "node:net";

/** Whether a host is an IP address in a block such as `10.0.0.0/8` or `fd00::/8`; false if either is none. */
export function isInBlock(block: string, host: string): boolean {
  const [network = "", bits = ""] = block.split("/");
  const version = isIP(network);
  if (version === 0 || version !== isIP(host)) return false;
  const [family, most] = version === 4 ? (["ipv4", 32] as const) : (["ipv6", 128] as const);
  if (!/^[0-9]{1,3}$/u.test(bits) || Number(bits) > most) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(host, family);
}
