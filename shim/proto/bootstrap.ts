/** What containerd 2.3 and later writes to `start`, and may read from it. */
import { Any } from "./any.ts";
import { many, message, type MessageOf, one, optional, stringMap } from "./codec.ts";

/** What `BootstrapParams.logLevel` says. */
export const BOOTSTRAP_LOG_LEVEL = { info: 0, trace: -8, debug: -4, warn: 4, error: 8, fatal: 10, panic: 12 } as const;

export const BootstrapExtension = message("BootstrapExtension", { value: one(1, Any) });
export type BootstrapExtension = MessageOf<typeof BootstrapExtension>;

/** Runtime options are among the extensions. */
export const BootstrapParams = message("BootstrapParams", {
  instanceId: one(1, "string"),
  namespace: one(2, "string"),
  /** One of {@link BOOTSTRAP_LOG_LEVEL}. */
  logLevel: one(3, "enum"),
  containerdVersion: one(4, "string"),
  containerdTtrpcAddress: one(5, "string"),
  containerdGrpcAddress: one(6, "string"),
  containerdBinary: one(7, "string"),
  extensions: many(8, BootstrapExtension),
  socketDir: optional(9, "string"),
});
export type BootstrapParams = MessageOf<typeof BootstrapParams>;

export const BootstrapResult = message("BootstrapResult", {
  version: one(1, "int32"),
  address: one(2, "string"),
  protocol: one(3, "string"),
  capabilities: many(4, "enum"),
  metadata: stringMap(5),
  extensions: many(6, BootstrapExtension),
});
export type BootstrapResult = MessageOf<typeof BootstrapResult>;
