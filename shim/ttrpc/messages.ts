/**
 * What is in ttrpc's request and response frames.
 *
 * @see {@link https://github.com/containerd/ttrpc/blob/v1.2.8/request.proto}
 */
import { Any } from "../proto/any.ts";
import { many, message, type MessageOf, one } from "../proto/codec.ts";

/** `google.rpc.Status` */
const Status = message("Status", { code: one(1, "int32"), message: one(2, "string"), details: many(3, Any) });
export type Status = MessageOf<typeof Status>;

const KeyValue = message("KeyValue", { key: one(1, "string"), value: one(2, "string") });

export const Request = message("Request", {
  service: one(1, "string"),
  method: one(2, "string"),
  payload: one(3, "bytes"),
  /** 0 for no limit. */
  timeoutNano: one(4, "int64"),
  metadata: many(5, KeyValue),
});
export type Request = MessageOf<typeof Request>;

export const Response = message("Response", {
  /** Absent if all is well. */
  status: one(1, Status),
  payload: one(2, "bytes"),
});
