/** Runtime options: in `CreateTaskRequest.options`, and on standard input of `start`. */
import { message, type MessageOf, one } from "./codec.ts";

/** Type URL of {@link RuntimeOptions}, which CRI sends to every runtime that is not runc's. */
export const RUNTIME_OPTIONS_TYPE = "runtimeoptions.v1.Options";

/**
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/api/types/runtimeoptions/v1/api.proto}
 */
export const RuntimeOptions = message("RuntimeOptions", {
  typeUrl: one(1, "string"),
  configPath: one(2, "string"),
  /** The table of options in containerd's configuration, as TOML; from containerd 1.7 on. */
  configBody: one(3, "bytes"),
});
export type RuntimeOptions = MessageOf<typeof RuntimeOptions>;

/** Type URL of {@link RuncOptions}. */
export const RUNC_OPTIONS_TYPE = "containerd.runc.v1.Options";

/**
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/api/types/runc/options/oci.proto}
 */
export const RuncOptions = message("RuncOptions", {
  noPivotRoot: one(1, "bool"),
  noNewKeyring: one(2, "bool"),
  shimCgroup: one(3, "string"),
  ioUid: one(4, "uint32"),
  ioGid: one(5, "uint32"),
  binaryName: one(6, "string"),
  root: one(7, "string"),
  systemdCgroup: one(9, "bool"),
  criuImagePath: one(10, "string"),
  criuWorkPath: one(11, "string"),
  taskApiAddress: one(12, "string"),
  taskApiVersion: one(13, "uint32"),
});
export type RuncOptions = MessageOf<typeof RuncOptions>;

/**
 * What containerd sends with a checkpoint, but not for the requests of CRI.
 *
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/api/types/runc/options/oci.proto}
 */
export const CheckpointOptions = message("CheckpointOptions", {
  exit: one(1, "bool"),
  openTcp: one(2, "bool"),
  externalUnixSockets: one(3, "bool"),
  terminal: one(4, "bool"),
  fileLocks: one(5, "bool"),
});
export type CheckpointOptions = MessageOf<typeof CheckpointOptions>;
