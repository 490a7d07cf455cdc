import { createHash } from "node:crypto";
import type { ArtifactSource } from "@rcm/lib/install-job";
import { nameOf, type ShimObject } from "./shim-object.ts";

/** Part of every hash: raise it when a new installer must visit nodes whose Shim did not change. */
const CONTRACT = 1;

/** Hash of all that decides what a node looks like; 16 hexadecimal digits. */
export function wantedHash(shim: ShimObject, artifact: ArtifactSource): string {
  const options = Object.entries(shim.spec.containerdRuntimeOptions ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const wanted = {
    contract: CONTRACT,
    name: nameOf(shim),
    handler: shim.spec.runtimeClass.handler,
    // A digest says it all: another address for the same bytes changes nothing on a node.
    artifact: artifact.sha256 ?? artifact.location,
    options,
  };
  return shortHash(JSON.stringify(wanted), 16);
}

/** The first `digits` hexadecimal digits of the text's sha256. */
export function shortHash(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}
