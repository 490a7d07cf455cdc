/** An error thrown on purpose: `code` for programs, `message` for people, `cause` for the log. */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything thrown, with the messages of its causes behind it, each once; at most 8 levels deep. */
export function messageOf(reason: unknown): string {
  const messages: string[] = [];
  for (let level = 0, current = reason; level < 8 && current !== undefined; level += 1) {
    const message = current instanceof Error ? current.message : textOf(current);
    if (message !== "" && !messages.some((seen) => seen.includes(message))) messages.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages.join(": ");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
