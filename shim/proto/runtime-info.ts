/**
 * What `-info` writes to standard output.
 *
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/api/types/introspection.proto}
 */
import { Any } from "./any.ts";
import { message, type MessageOf, one, stringMap } from "./codec.ts";

export const RuntimeVersion = message("RuntimeVersion", { version: one(1, "string"), revision: one(2, "string") });
export type RuntimeVersion = MessageOf<typeof RuntimeVersion>;

export const RuntimeInfo = message("RuntimeInfo", {
  /** As in containerd's configuration: "io.containerd.NAME.vN". */
  name: one(1, "string"),
  version: one(2, RuntimeVersion),
  options: one(3, Any),
  features: one(4, Any),
  annotations: stringMap(5),
});
export type RuntimeInfo = MessageOf<typeof RuntimeInfo>;
