/**
 * The cluster's network. 198.18.0.0/15 is set aside for benchmarks, so nothing real has these addresses.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc2544#appendix-C.2.2}
 */
export const ALL_ADDRESSES = "198.18.0.0/15";

/** The machine, as the nodes see it: API server, DNS and registry listen here. */
export const MACHINE_ADDRESS = "198.18.40.254";

export const API_PORT = 6443;
export const API_URL = `https://${MACHINE_ADDRESS}:${String(API_PORT)}`;

/** Host and port of the local registry, as in an image's name. Plain HTTP. */
export const REGISTRY = `${MACHINE_ADDRESS}:5000`;

export const SERVICE_SUBNET = "198.19.0.0/16";
export const API_SERVICE_ADDRESS = "198.19.0.1";
export const DNS_SERVICE_ADDRESS = "198.19.0.10";

/** Routes exist for this many nodes from the start; numbers of removed nodes are not given out again. */
export const MAX_NODES = 64;

/** Node N has 198.18.40.N. */
export function nodeAddress(index: number): string {
  return `198.18.40.${String(index)}`;
}

/** The pods of node N have 198.18.(64+N).0/24. */
export function podSubnet(index: number): string {
  return `198.18.${String(64 + index)}.0/24`;
}
