import { createHash } from "node:crypto";
import { SPIN_GROUP } from "@rcm/crds";

const KEY = `${SPIN_GROUP}/runtime-config`;
/** 64 bits: two contents of one application never meet by chance. */
const HEX_DIGITS = 16;

/**
 * An annotation for pods that differs when the runtime configuration does. A change of the Secret alone would not
 * change the SpinApp, and what is said of it would be taken for said of the new content.
 */
export function configMark(content: Uint8Array): Readonly<Record<string, string>> {
  return { [KEY]: createHash("sha256").update(content).digest("hex").slice(0, HEX_DIGITS) };
}
