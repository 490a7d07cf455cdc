import { type MessageOf, message, one } from "./codec.ts";

/** `google.protobuf.Timestamp`: since 1970, with `nanos` from 0 to 999,999,999 also before it. */
export const Timestamp = message("Timestamp", { seconds: one(1, "int64"), nanos: one(2, "int32") });
export type Timestamp = MessageOf<typeof Timestamp>;

export function timestampFromDate(date: Date): Timestamp {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 };
}
