import winston from "winston";

/** Structured log: a fixed sentence and fields. One JSON object a line, with `time`, `level` and `message` first. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Writes to `stream`: JSON lines with RFC 3339 times. An `Error` among the fields becomes its message and stack. */
export function createLog(program: string, level: LogLevel, stream: NodeJS.WritableStream): Log {
  return winston.createLogger({
    level,
    defaultMeta: { program },
    format: winston.format.printf((entry) => formatLine(entry)),
    transports: [new winston.transports.Stream({ stream })],
  });
}

function formatLine({ level, message, ...fields }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, jsonValue);
}

function jsonValue(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    return { name: value.name, message: value.message, cause: value.cause, stack: value.stack };
  }
  if (typeof value === "bigint") return value.toString();
  return value;
}
