import { createHash } from "node:crypto";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import { microTime } from "./lease.ts";

/** What an Event is about. */
interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
}

export interface Occurrence {
  readonly regarding: Regarding;
  readonly type: "Normal" | "Warning";
  /** Why, for programs: UpperCamelCase, at most 128 characters. */
  readonly reason: string;
  /** What was done or tried: UpperCamelCase, at most 128 characters. */
  readonly action: string;
  /** For people, one line; cut at 1 KiB. */
  readonly note: string;
}

/** Where an Event says that it comes from. */
export interface Reporter {
  /** `rcm-manager`: what `kubectl describe` prints under From. */
  readonly controller: string;
  /** Name of the pod. */
  readonly instance: string;
}

export interface Event extends KubeObject {
  readonly eventTime: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly regarding: Regarding;
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
}

/** The current Event API; `kubectl describe` and `kubectl get events` read the same objects as core/v1. */
export const EVENTS: Resource<Event> = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};

/** Limits of the API: https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/apis/core/validation/events.go */
const NOTE_MAX_BYTES = 1024;

/** The API server takes Events about objects without a namespace only here. */
const CLUSTER_NAMESPACE = "default";

/** Two occurrences with the same key are one series. */
export function seriesKey({ regarding, type, reason, action, note }: Occurrence): string {
  const { kind, namespace, name, uid } = regarding;
  return JSON.stringify([kind, namespace, name, uid, type, reason, action, note]);
}

/** @param time of the first occurrence; part of the name, so that a later series is another object. */
export function eventOf(occurrence: Occurrence, reporter: Reporter, time: Date): Event {
  const { regarding } = occurrence;
  const suffix = createHash("sha256").update(seriesKey(occurrence)).digest("hex").slice(0, 8);
  return {
    metadata: {
      // Event names are DNS subdomains of at most 253 characters, as is the name before the dot.
      name: `${regarding.name.slice(0, 220)}.${time.getTime().toString(16)}${suffix}`,
      namespace: regarding.namespace ?? CLUSTER_NAMESPACE,
    },
    ...occurrence,
    note: cut(occurrence.note),
    eventTime: microTime(time),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance,
  };
}

/** Merge patch for an Event that happened `count` times by now. */
export function seriesPatch(count: number, time: Date): Pick<Required<Event>, "series"> {
  return { series: { count, lastObservedTime: microTime(time) } };
}

function cut(note: string): string {
  if (Buffer.byteLength(note) <= NOTE_MAX_BYTES) return note;
  const ellipsis = "…";
  const bytes = Buffer.from(note).subarray(0, NOTE_MAX_BYTES - Buffer.byteLength(ellipsis));
  // A character cut in two becomes U+FFFD.
  return bytes.toString("utf8").replace(/\uFFFD+$/, "") + ellipsis;
}
