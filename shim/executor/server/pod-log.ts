import { messageOf } from "@rcm/lib/errors";

/** Writes JSON lines to the pod's log. Not winston: loading that takes longer than the whole start. */
export class PodLog {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#line("info", message, fields);
  }

  error(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#line("error", message, fields);
  }

  #line(level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    const line = { time: new Date().toISOString(), program: "executor", level, message, ...fields };
    this.#write(`${JSON.stringify(line, textOfError)}\n`);
  }
}

function textOfError(_key: string, value: unknown): unknown {
  return value instanceof Error ? messageOf(value) : value;
}
