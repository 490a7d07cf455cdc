import { Buffer } from "node:buffer";
import { printable } from "./shown-location.ts";

const QUOTED_BYTES = 32;

/** The first 32 bytes as a person can read them, in quotation marks; `nothing` if there are none. */
export function quotedBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing";
  return `"${printable(Buffer.from(bytes.subarray(0, QUOTED_BYTES)).toString("latin1"))}"`;
}
