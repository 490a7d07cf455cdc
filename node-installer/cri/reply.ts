import { CriError } from "./cri-error.ts";

/** A message of CRI with the fields in any order: what the wire holds is looked at field by field. */
export interface Reply {
  readonly [field: string]: unknown;
}

/** @throws {CriError} `BAD_REPLY` */
export function replyFrom(value: unknown): Reply {
  if (isReply(value)) return value;
  const detail = "a message is expected";
  throw new CriError("BAD_REPLY", `Cannot read an answer of CRI: ${detail}`, { detail });
}

/** The message in a field; an empty one if it was not sent. */
export function messageIn(reply: Reply, field: string): Reply {
  const value = reply[field];
  return isReply(value) ? value : {};
}

/** The messages in a repeated field. */
export function messagesIn(reply: Reply, field: string): readonly Reply[] {
  const value = reply[field];
  return Array.isArray(value) ? value.filter(isReply) : [];
}

/** The string in a field; empty if there is none. */
export function textIn(reply: Reply, field: string): string {
  const value = reply[field];
  return typeof value === "string" ? value : "";
}

/** The map of strings in a field. */
export function textsIn(reply: Reply, field: string): Readonly<Record<string, string>> {
  const entries = Object.entries(messageIn(reply, field));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The number in a field, also if it came as text because it has 64 bits; 0 if there is none. */
export function numberIn(reply: Reply, field: string): number {
  const number = Number(reply[field] ?? 0);
  return Number.isNaN(number) ? 0 : number;
}

function isReply(value: unknown): value is Reply {
  return typeof value === "object" && value !== null;
}
