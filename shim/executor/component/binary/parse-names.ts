import { asynchronousError } from "./asynchronous.ts";
import type { ByteReader } from "./byte-reader.ts";

const WORD = "(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)";
const LATER_WORD = "(?:[a-z0-9]+|[A-Z0-9]+)";
const LABEL_TEXT = `${WORD}(?:-${LATER_WORD})*`;
const LABEL = new RegExp(`^${LABEL_TEXT}$`);
const WORDS = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const VERSION = "@[0-9]+(?:\\.[0-9]+)*(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?";
const PLAIN_NAME = new RegExp(
  `^(?:${LABEL_TEXT}|\\[constructor\\]${LABEL_TEXT}|\\[(?:method|static)\\]${LABEL_TEXT}\\.${LABEL_TEXT})$`,
);
const INTERFACE_NAME = new RegExp(`^${WORDS}:${WORDS}/${LABEL_TEXT}(?:${VERSION})?$`);
const NESTED_NAME = new RegExp(`^(?:${WORDS}:)+${WORDS}(?:/${LABEL_TEXT})+(?:${VERSION})?$`);
const ASYNC_NAME = /^\[(?:async|async method|async static)\]/;
const ACCESSOR_NAME = /^(?:\[(?:method|static)\])?\[(?:get|set)\]/;

/** The name of an import or export: a byte for its form, and the text. */
export function readExternName(reader: ByteReader): string {
  const start = reader.at;
  const form = reader.u8();
  if (form === 2) throw reader.error("attributes of a name are not supported", "UNSUPPORTED", start);
  if (form > 1) throw reader.error(`a name is of unknown form ${form}`, "MALFORMED", start);
  const name = reader.name();
  if (ASYNC_NAME.test(name)) throw asynchronousError(reader, `the async function "${name}" is`, start);
  if (ACCESSOR_NAME.test(name)) throw reader.error(`the accessor "${name}" is not supported`, "UNSUPPORTED", start);
  if (PLAIN_NAME.test(name) || INTERFACE_NAME.test(name)) return name;
  if (NESTED_NAME.test(name)) throw reader.error(`the nested name "${name}" is not supported`, "UNSUPPORTED", start);
  throw reader.error(`${JSON.stringify(name)} is not the name of an import or export`, "INVALID", start);
}

/** A label of a parameter, field, case or flag, in kebab-case. */
export function readLabel(reader: ByteReader): string {
  const start = reader.at;
  const label = reader.name();
  if (!LABEL.test(label)) throw reader.error(`${JSON.stringify(label)} is not in kebab-case`, "INVALID", start);
  return label;
}

/**
 * Fails if two labels, or names of imports or exports, are the same to some language: whatever their case, their hyphens,
 * and the resource that a function of its own name belongs to.
 */
export function checkUnique(reader: ByteReader, what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const key = name
      .toLowerCase()
      .replaceAll("-", "")
      .replace(/^\[(?:method|static)\](?:(?<label>[^.]*)\.\k<label>$)?/, "$<label>");
    if (seen.has(key)) throw reader.error(`the ${what} "${name}" is there twice`, "INVALID");
    seen.add(key);
  }
}
