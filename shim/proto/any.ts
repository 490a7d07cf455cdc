import { type MessageOf, message, one } from "./codec.ts";

/**
 * `google.protobuf.Any`. containerd writes the bare name of a message into `typeUrl`, without "type.googleapis.com/",
 * and takes what is in `value` for JSON if the type is one of the OCI specification.
 */
export const Any = message("Any", { typeUrl: one(1, "string"), value: one(2, "bytes") });
export type Any = MessageOf<typeof Any>;

/** `google.protobuf.Empty`. */
export const Empty = message("Empty", {});
