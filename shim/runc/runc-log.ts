/** The most of a log that is looked at, from its end, in bytes. */
export const LOG_TAIL_BYTES = 65_536;

/** The most of runc's message that goes into an error, in characters. */
const MESSAGE_CHARACTERS = 4096;

/**
 * The last error in a log of runc's: JSON lines (`{"level":"error","msg":…}`), between which there may be plain lines
 * that runc or the dynamic loader wrote to its standard error. Undefined when there is none.
 */
export function lastErrorOf(log: string): string | undefined {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const message = lines.map(errorOf).findLast((found) => found !== undefined) ?? lines.findLast(isPlain);
  return message?.slice(0, MESSAGE_CHARACTERS);
}

function errorOf(line: string): string | undefined {
  const entry = parseEntry(line);
  return entry?.level === "error" || entry?.level === "fatal" ? entry.message : undefined;
}

function isPlain(line: string): boolean {
  return parseEntry(line) === undefined;
}

function parseEntry(line: string): { readonly level: unknown; readonly message: string } | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("msg" in entry) || !("level" in entry)) return undefined;
    return typeof entry.msg === "string" ? { level: entry.level, message: entry.msg } : undefined;
  } catch {
    return undefined; // Not JSON.
  }
}
