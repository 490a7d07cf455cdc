/**
 * What `start` prints. From containerd 2.0 on, a shim that speaks version 3 is asked for the further containers of its
 * pod directly: no `start` for each of them. All versions take a plain address for version 2.
 *
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/core/runtime/v2/shim.go} `parseStartResponse`
 */
export function startReply(address: string, containerdMajor: number): string {
  return containerdMajor < 2 ? address : JSON.stringify({ version: 3, address, protocol: "ttrpc" });
}
