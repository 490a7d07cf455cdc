import { inspect } from "node:util";

/** An error thrown on purpose: `code` for programs, `message` for people, `cause` for the log. */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether it is an error with one of these codes: of Node, such as `ENOENT`, or one of ours. */
export function hasCode(reason: unknown, ...codes: readonly string[]): reason is Error {
  return reason instanceof Error && "code" in reason && codes.includes(String(reason.code));
}

/** Causes behind causes that are told, and errors of an `AggregateError`. */
const MAX_TOLD = 8;

/** The message of anything thrown, with the messages of its causes behind it, each once; at most 8 levels deep. */
export function messageOf(reason: unknown): string {
  const messages: string[] = [];
  for (let level = 0, current = reason; level < MAX_TOLD && current !== undefined; level += 1) {
    const message = ownMessage(current);
    if (message !== "" && !messages.some((seen) => seen.includes(message))) messages.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages.join(": ");
}

/** Node gives an error without a message when it has tried all addresses of a host: one error for each is in it. */
function ownMessage(reason: unknown): string {
  if (!(reason instanceof Error)) return textOf(reason);
  if (reason.message !== "" || !(reason instanceof AggregateError)) return reason.message;
  const errors: readonly unknown[] = reason.errors.slice(0, MAX_TOLD);
  return errors.map((error) => (error instanceof Error ? error.message : textOf(error))).join(", ");
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object") return inspect(value);
  try {
    return JSON.stringify(value);
  } catch {
    return inspect(value); // It refers to itself, or holds a BigInt.
  }
}
