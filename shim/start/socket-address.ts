import { join } from "node:path";
// Node's own crypto module takes 9 ms to load, a quarter of the whole start.
import { sha256 } from "@noble/hashes/sha2.js";

/** Where containerd's own library puts the sockets of shims (`pkg/shim`, `socketRoot`). */
const SOCKET_FOLDER = "/run/containerd/s";

/** Group of all containers, when the handler's options ask for one shim for the whole node. */
export const NODE_GROUP = "node";

export interface Group {
  /** containerd's gRPC socket. */
  readonly address: string;
  readonly namespace: string;
  /** Containers of one group have one shim. */
  readonly group: string;
}

/** Path of the group's socket, of 82 bytes: containerd's own rule, so that two containerds never meet. */
export function socketPath({ address, namespace, group }: Group): string {
  const digest = sha256(Buffer.from(join(address, namespace, group)));
  return join(SOCKET_FOLDER, Buffer.from(digest).toString("hex"));
}
