import { createHash } from "node:crypto";
import { join } from "node:path";

/** Where containerd's own library puts the sockets of shims (`pkg/shim`, `socketRoot`). */
export const SOCKET_FOLDER = "/run/containerd/s";

export interface Group {
  /** containerd's gRPC socket. */
  readonly address: string;
  readonly namespace: string;
  /** Containers of one group have one shim. */
  readonly group: string;
}

/** Path of the group's socket: containerd's rule, so that two containerds never meet. At most 83 bytes. */
export function socketPath({ address, namespace, group }: Group, folder = SOCKET_FOLDER): string {
  const name = createHash("sha256").update(join(address, namespace, group)).digest("hex");
  return join(folder, name);
}
