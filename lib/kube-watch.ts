import { errorFromStatus, isRecord, parseJson } from "./kube-answer.ts";
import { KubeError } from "./kube-error.ts";
import type { KubeObject, WatchEvent } from "./kube.ts";

const KIND_OF_TYPE = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

/**
 * One line of a watch: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 *
 * @throws {KubeError} what the server says in an `ERROR` event; `Malformed` when the line is none of its events.
 */
export function parseWatchLine<T extends KubeObject>(action: string, line: string): WatchEvent<T> {
  const event = parseJson(action, line);
  if (!isRecord(event) || !isRecord(event["object"])) throw malformed(action, line);
  const { type, object } = event;
  if (type === "ERROR") throw errorFromStatus(action, object);
  if (type === "BOOKMARK") return { kind: "bookmark", resourceVersion: resourceVersionOf(action, object) };
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") throw malformed(action, line);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has checked it against the schema
  return { kind: KIND_OF_TYPE[type], object: object as T };
}

/** @throws {KubeError} `Malformed` when there is none. */
export function resourceVersionOf(action: string, object: unknown): string {
  const metadata = isRecord(object) ? object["metadata"] : undefined;
  const version = isRecord(metadata) ? metadata["resourceVersion"] : undefined;
  if (typeof version === "string" && version !== "") return version;
  throw new KubeError("Malformed", `Cannot ${action}: the answer has no metadata.resourceVersion`);
}

function malformed(action: string, line: string): KubeError {
  return new KubeError("Malformed", `Cannot ${action}: not an event: ${JSON.stringify(line.slice(0, 80))}`);
}
