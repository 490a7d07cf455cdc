import { many, message, type MessageOf, one } from "./codec.ts";

/** `containerd.types.Mount`: a mount to be made for a container's root. */
export const Mount = message("Mount", {
  type: one(1, "string"),
  source: one(2, "string"),
  /** Below the root, mostly "". */
  target: one(3, "string"),
  options: many(4, "string"),
});
export type Mount = MessageOf<typeof Mount>;
