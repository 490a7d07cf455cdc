import type { WitValue } from "../host-interface.ts";

/** Whether a call has still to settle. No WIT value is a promise. */
export function isPromise(value: WitValue): value is Promise<WitValue> {
  return value instanceof Promise;
}
