import type { Level, Operation, Reason } from "@rcm/lib/install-job";
import { hasFields, isBoolean, isLevel, isText, isWord, type Fields } from "./json-fields.ts";
import { isPodName } from "./pod-names.ts";

/**
 * What is known of a shim on a node, kept as an annotation of the Node, so that it is gone with the Node and outlives
 * Jobs and managers. Mostly about 1 KiB.
 */
export interface NodeRecord {
  readonly shimUid: string;
  /** Name of the Job that this is the result of: a Job is counted once. */
  readonly job: string;
  readonly operation: Operation;
  /** Hash of the wanted state that was tried. */
  readonly hash: string;
  readonly ok: boolean;
  /** Serial number of the Job among those with this hash, from 1. */
  readonly attempt: number;
  /** Failures in a row, with this hash and this value of the retry annotation; those by `InUse` are counted apart. */
  readonly failures: number;
  /** When the Job was made, RFC 3339: a Job that is older has nothing to add. */
  readonly created: string;
  /** Why the Job was made. */
  readonly why: string;
  /** RFC 3339 time of the result. */
  readonly at: string;
  /** What is on the node now; after a failure, what was there before. */
  readonly level?: Level;
  readonly digest?: string;
  readonly reason?: Reason;
  readonly message?: string;
  readonly rolledBack?: boolean;
  /** Pods that held the handler (`InUse`): `namespace/name`, some of them. Absent where no pod is known. */
  readonly users?: readonly string[];
  /**
   * No container of the Shim's Jobs has ever started on this machine, so nothing is to be removed from it. Absent: one
   * may have. Taken back before another Job is made.
   */
  readonly untouched?: boolean;
  /** The machine that this is true of. */
  readonly machineId: string;
  readonly bootId: string;
  readonly runtimeVersion: string;
  /** The retry annotation's value at that time. */
  readonly retry: string;
}

/** A message on a node is cut at this many characters. */
const MESSAGE_MAX = 480;

export function recordText(record: NodeRecord): string {
  const { message } = record;
  return JSON.stringify(
    message === undefined ? record : { ...record, message: message.slice(0, MESSAGE_MAX).toWellFormed() },
  );
}

/**
 * The record, or undefined where the annotation is absent or not ours to understand: then evidence is gathered anew. A
 * kubelet may write its own Node's annotations, so a node that was taken over decides what this says.
 */
export function parseRecord(text: string | undefined): NodeRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As many users as a report may name. */
const MAX_USERS = 20;
/** Attempts and failures of one node: far more than there can be, and an integer in every JSON parser. */
const MAX_COUNT = 1_000_000_000;

const FIELDS: Fields = {
  required: {
    shimUid: isText,
    job: isText,
    operation: (value) => value === "install" || value === "uninstall",
    hash: isText,
    ok: isBoolean,
    attempt: isCount,
    failures: isCount,
    created: isText,
    why: isText,
    at: (value) => isText(value) && Number.isFinite(Date.parse(value)),
    machineId: isText,
    bootId: isText,
    runtimeVersion: isText,
    retry: isText,
  },
  optional: {
    level: isLevel,
    digest: isWord,
    reason: isWord,
    message: isText,
    rolledBack: isBoolean,
    users: isListOfPods,
    untouched: isBoolean,
  },
};

function isRecord(value: unknown): value is NodeRecord {
  return hasFields(value, FIELDS);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT;
}

/** Each becomes a request to the API server, with its name in a field selector. */
function isListOfPods(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_USERS && value.every((item) => isPodName(item));
}
