import { parseToml } from "./toml-tree.ts";

/** One table header or one `key = value` of a TOML text, with its place. Offsets count UTF-16 units. */
export interface Statement {
  readonly kind: "table" | "array-table" | "value";
  /** From the root: a header's own path, or that of the table a value is in with the value's key behind it. */
  readonly path: readonly string[];
  readonly start: number;
  /** Behind the last character: of the header's `]`, or of the value. */
  readonly end: number;
  /** Where the value begins; `end` for a header. */
  readonly valueStart: number;
}

const BLANK = /(?:[\s\uFEFF]+|#[^\n]*)*/y;
const SPACE = /[ \t]*/y;
const STRING = /"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2})|'''[\s\S]*?'''(?:'{0,2})|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;
const KEY_PART = /[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;
/** In brackets: all that is neither string nor bracket. */
const FILLER = /(?:[^"'#[\]{}]+|#[^\n]*)+/y;
/** A number, boolean or moment that stands on its own line. */
const PLAIN = /[^\n\r#]*[^\s#]/y;

/**
 * Finds the statements of a TOML text, which must be one that `parseToml` accepts. The parser gives values but no
 * places, and an edit needs places.
 */
export function scanToml(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let table: readonly string[] = [];
  let at = match(BLANK, text, 0);
  while (at < text.length) {
    const statement = text[at] === "[" ? scanHeader(text, at) : scanValue(text, at, table);
    if (statement.kind !== "value") table = statement.path;
    statements.push(statement);
    at = match(BLANK, text, statement.end);
  }
  return statements;
}

function scanHeader(text: string, start: number): Statement {
  const brackets = text.startsWith("[[", start) ? 2 : 1;
  const key = scanKey(text, start + brackets);
  const end = key.end + brackets;
  return { kind: brackets === 2 ? "array-table" : "table", path: key.parts, start, end, valueStart: end };
}

function scanValue(text: string, start: number, table: readonly string[]): Statement {
  const key = scanKey(text, start);
  const valueStart = match(SPACE, text, key.end + 1);
  return { kind: "value", path: [...table, ...key.parts], start, end: skipValue(text, valueStart), valueStart };
}

/** `end` is at the character behind the key and its spaces: `=` or `]`. */
function scanKey(text: string, from: number): { readonly parts: readonly string[]; readonly end: number } {
  const parts: string[] = [];
  let at = match(SPACE, text, from);
  for (;;) {
    const end = matchSome(KEY_PART, text, at);
    parts.push(keyOf(text.slice(at, end)));
    at = match(SPACE, text, end);
    if (text[at] !== ".") return { parts, end: at };
    at = match(SPACE, text, at + 1);
  }
}

function keyOf(source: string): string {
  if (!/^["']/.test(source)) return source;
  if (source.startsWith("'") || !source.includes("\\")) return source.slice(1, -1);
  return Object.keys(parseToml(`${source} = 0`, "a key"))[0] ?? "";
}

function skipValue(text: string, at: number): number {
  if (text[at] === '"' || text[at] === "'") return matchSome(STRING, text, at);
  return text[at] === "[" || text[at] === "{" ? skipBrackets(text, at) : matchSome(PLAIN, text, at);
}

function skipBrackets(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const character = text[at] ?? "";
    if ("[{".includes(character)) depth += 1;
    if ("]}".includes(character)) depth -= 1;
    at = "[]{}".includes(character) && character !== "" ? at + 1 : skipInside(text, at);
  } while (depth > 0);
  return at;
}

function skipInside(text: string, at: number): number {
  return text[at] === '"' || text[at] === "'" ? matchSome(STRING, text, at) : matchSome(FILLER, text, at);
}

/** End of what the pattern finds at the place; the place itself if nothing. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function matchSome(pattern: RegExp, text: string, at: number): number {
  const end = match(pattern, text, at);
  if (end === at) throw new RangeError(`Cannot find the parts of the configuration: offset ${at} is not TOML`);
  return end;
}
