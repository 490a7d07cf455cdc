import { SpinError } from "../errors.ts";
import { quote, quoteAll } from "./quote.ts";

export type Fields = Readonly<Record<string, unknown>>;

const MAX_NAME = 512;
const MAX_TEXT = 256 * 1024;
const MAX_ITEMS = 65_536;
/** Whether errors show values of the wrong kind, or only their kind: they may be secret. */
export type ShownValues = "shown" | "hidden";

const BARE_NAME = /^[\w-]{1,80}$/;

/**
 * A table of a document that strangers wrote. Reads its fields as what they must be, knows which ones were asked for,
 * and names document, field, value and remedy in its errors. A field that is `null` is absent.
 */
export class Table {
  readonly #document: string;
  readonly #path: string;
  readonly #fields: Fields;
  readonly #values: ShownValues;
  readonly #asked = new Set<string>();

  /**
   * @param path of the table itself; empty for the whole document.
   * @param values - texts, and what is in the place of texts, lists and tables.
   */
  constructor(document: string, path: string, fields: Fields, values: ShownValues = "shown") {
    this.#document = document;
    this.#values = values;
    this.#path = path;
    this.#fields = fields;
    if (this.names.length > MAX_ITEMS) throw this.#tooMany(undefined, this.names.length);
    const long = this.names.find((name) => name.length > MAX_NAME);
    if (long !== undefined) {
      throw this.error(long, `its name has more than ${String(MAX_NAME)} characters`, "shorten it");
    }
  }

  /** All, in the order of the document. */
  get names(): readonly string[] {
    return Object.keys(this.#fields);
  }

  /** The names and values that nobody asked for yet. */
  get rest(): Fields {
    return Object.fromEntries(Object.entries(this.#fields).filter(([name]) => !this.#asked.has(name)));
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] !== null;
  }

  /** As it is. `undefined` if there is none. */
  value(name: string): unknown {
    this.#asked.add(name);
    return this.has(name) ? this.#fields[name] : undefined;
  }

  text(name: string): string {
    const text = this.optionalText(name);
    if (text === undefined) throw this.error(name, "it is missing", "write it");
    return text;
  }

  optionalText(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : this.#checkText(name, value);
  }

  /** As {@link optionalText}; an empty text counts as none. */
  nonEmptyText(name: string): string | undefined {
    const text = this.optionalText(name);
    return text === "" ? undefined : text;
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.error(name, `${quote(value)} is neither true nor false`, "write true or false, without quotes");
  }

  /** Whole, and above 0. */
  optionalCount(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw this.error(name, `${quote(value)} is no whole number above 0`, "write such a number, without quotes");
  }

  /** Empty if there is no such field. */
  texts(name: string): readonly string[] {
    return this.#list(name).map((item, index) => this.#checkText(`${name}[${String(index)}]`, item));
  }

  /** Names and texts; empty if there is no such field. */
  textMap(name: string): Readonly<Record<string, string>> {
    const table = this.section(name);
    return Object.fromEntries(table.names.map((key) => [key, table.text(key)]));
  }

  table(name: string): Table | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : this.#tableOf(name, value);
  }

  /** As {@link table}, with no fields if there is none. */
  section(name: string): Table {
    return this.table(name) ?? this.#tableOf(name, {});
  }

  /** A list of tables; empty if there is no such field. */
  tables(name: string): readonly Table[] {
    return this.#list(name).map((item, index) => this.#tableOf(`${name}[${String(index)}]`, item));
  }

  /** One of a list of tables and other things. */
  item(name: string, index: number): Table {
    return this.#tableOf(`${name}[${String(index)}]`, this.#list(name)[index]);
  }

  /** A table of tables: `[component.<name>]`; empty if there is no such field. */
  namedTables(name: string): readonly (readonly [name: string, table: Table])[] {
    const outer = this.section(name);
    return outer.names.map((key) => [key, outer.#tableOf(key, outer.value(key))]);
  }

  /** @throws {SpinError} `INVALID` if the table has fields that nobody asked for. */
  refuseOthers(): void {
    const [other] = Object.keys(this.rest);
    if (other === undefined) return;
    throw this.error(other, "it is unknown here", `take it out, or write one of ${quoteAll([...this.#asked])}`);
  }

  /**
   * @param name of the field; `undefined`: the table itself.
   * @param is what is the case
   * @param remedy what to do about it
   */
  error(name: string | undefined, is: string, remedy: string): SpinError {
    return new SpinError("INVALID", `Cannot use ${this.#place(name)}: ${is}: ${remedy}`);
  }

  /** As {@link error}, for what is right, and which this executor does not have. */
  unsupported(name: string | undefined, is: string, remedy: string): SpinError {
    return new SpinError("UNSUPPORTED", `Cannot use ${this.#place(name)}: ${is}: ${remedy}`);
  }

  #place(name: string | undefined): string {
    const path = name === undefined ? this.#path : this.#pathTo(name);
    return path === "" ? this.#document : `"${path}" in ${this.#document}`;
  }

  #pathTo(name: string): string {
    const [, base = name, index = ""] = /^(.*?)(\[\d+\])?$/s.exec(name) ?? [];
    const shown = BARE_NAME.test(base) ? base : `'${quote(base).slice(1, -1)}'`;
    return this.#path === "" ? `${shown}${index}` : `${this.#path}.${shown}${index}`;
  }

  #tableOf(name: string, value: unknown): Table {
    if (isFields(value)) return new Table(this.#document, this.#pathTo(name), value, this.#values);
    throw this.error(name, this.#isNo("table", value), "write a table there");
  }

  #list(name: string): readonly unknown[] {
    const value = this.value(name) ?? [];
    if (!Array.isArray(value)) throw this.error(name, this.#isNo("list", value), "put it in [ ]");
    if (value.length > MAX_ITEMS) throw this.#tooMany(name, value.length);
    return value;
  }

  #checkText(name: string, value: unknown): string {
    if (typeof value !== "string") throw this.error(name, this.#isNo("text", value), 'write it in quotes: "…"');
    if (value.length > MAX_TEXT) {
      const is = `it has ${String(value.length)} characters, and the limit is ${String(MAX_TEXT)}`;
      throw this.error(name, is, "put it into a file of the application");
    }
    if (value.includes("\0")) throw this.error(name, "it has a NUL character in it", "take it out");
    return value;
  }

  #isNo(wanted: string, value: unknown): string {
    return this.#values === "shown" ? `${quote(value)} is no ${wanted}` : `it is a ${kindOf(value)}, and no ${wanted}`;
  }

  #tooMany(name: string | undefined, count: number): SpinError {
    return this.error(name, `it has ${String(count)} entries, and the limit is ${String(MAX_ITEMS)}`, "write fewer");
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (isFields(value)) return "table";
  const kind = typeof value;
  return kind === "string" ? "text" : kind === "object" ? "date" : kind;
}

/** Whether it is a table: no list, no date. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
