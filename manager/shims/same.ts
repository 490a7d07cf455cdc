import { isDeepStrictEqual } from "node:util";

/** Whether two pieces of JSON say the same; the order of fields does not matter, that of lists does. */
export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}
