export interface YamlStyle {
  /** Strings with these keys have double quotes, needed or not. */
  readonly quoted: ReadonlySet<string>;
  /** Lists with these keys stand two columns further in than their key; others stand below it. */
  readonly indented: ReadonlySet<string>;
}

const PLAIN: YamlStyle = { quoted: new Set(), indented: new Set() };

/** Read as a string by any version of YAML if it is none of WORDS and has no colon that would make it a key. */
const PLAIN_TEXT = /^[A-Za-z](?:[\w./:@+=,;%()~-]| (?=\w))*$/;
const KEY_LIKE = /:(?: |$)/;
/** A number with the unit of a quantity is a string, too. */
const QUANTITY = /^\d+(?:\.\d+)?(?:[KMGTPE]i|[mkMGTP])$/;
/** YAML 1.1 takes them for something else: https://yaml.org/type/bool.html, https://yaml.org/type/null.html */
const WORDS = /^(?:y|yes|n|no|on|off|true|false|null)$/i;
/** Not printable as YAML has it, or at the end of a line for some of its versions. JSON leaves them as they are. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * JSON data as one YAML document in block style, with a newline at its end. Strings are quoted where they must be.
 * Absent fields are left out.
 */
export function yamlOf(value: unknown, style: YamlStyle = PLAIN): string {
  return `${linesOf(value, style).join("\n")}\n`;
}

/** Lines of a value that stands for itself, not indented. */
function linesOf(value: unknown, style: YamlStyle): readonly string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item: unknown) => itemLines(item, style));
  const fields = fieldsOf(value);
  if (fields.length === 0) return [scalarOf(value)];
  return fields.flatMap(([key, field]) => fieldLines(key, field, style));
}

function itemLines(item: unknown, style: YamlStyle): readonly string[] {
  return linesOf(item, style).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

function fieldLines(key: string, value: unknown, style: YamlStyle): readonly string[] {
  const name = textOf(key);
  const isList = Array.isArray(value) && value.length > 0;
  if (!isList && fieldsOf(value).length === 0) {
    const isQuoted = typeof value === "string" && style.quoted.has(key);
    return [`${name}: ${isQuoted ? quoted(value) : scalarOf(value)}`];
  }
  const indent = isList && !style.indented.has(key) ? "" : "  ";
  return [`${name}:`, ...linesOf(value, style).map((line) => indent + line)];
}

function fieldsOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).filter(([, field]) => field !== undefined);
}

/** Also of what is empty. */
function scalarOf(value: unknown): string {
  if (typeof value === "string") return textOf(value);
  if (Array.isArray(value)) return "[]";
  return typeof value === "object" && value !== null ? "{}" : JSON.stringify(value ?? null);
}

function textOf(text: string): string {
  const isPlain = PLAIN_TEXT.test(text) && !KEY_LIKE.test(text) && !WORDS.test(text);
  return isPlain || QUANTITY.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    UNPRINTABLE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
