import { parseDuration } from "@rcm/lib/duration";
import { CliError } from "../errors.ts";
import { csvFields } from "./csv-fields.ts";
import { flagLabel, type Flag, type FlagTable } from "./flag.ts";
import type { GivenFlags } from "./read-flags.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;
const INT32 = { min: -2_147_483_648, max: 2_147_483_647 };

/** What was given of a command's flags, or else their defaults; each is checked as it is read. */
export class FlagValues {
  readonly positionals: readonly string[];
  readonly #table: FlagTable;
  readonly #values: GivenFlags["values"];

  constructor(table: FlagTable, { values, positionals }: GivenFlags) {
    this.#table = table;
    this.#values = values;
    this.positionals = positionals;
  }

  /** @throws {CliError} `USAGE` names the flags that are needed and were not given. */
  checkRequired(): void {
    const missing = Object.entries(this.#table)
      .filter(([name, flag]) => flag.isRequired === true && !this.#values.has(name))
      .map(([name]) => `"${name}"`);
    if (missing.length > 0) throw new CliError("USAGE", `required flag(s) ${missing.join(", ")} not set`);
  }

  /** The last one that was given, or else the default, or else "". */
  text(name: string): string {
    const { default: preset = "" } = this.#flag(name);
    return this.#values.get(name)?.at(-1) ?? preset;
  }

  /** Undefined for "". */
  optional(name: string): string | undefined {
    const text = this.text(name);
    return text === "" ? undefined : text;
  }

  isOn(name: string): boolean {
    return this.text(name) === "true";
  }

  choice(name: string): string {
    const text = this.text(name);
    const { choices = [] } = this.#flag(name);
    if (choices.includes(text)) return text;
    throw this.refusal(name, text, `it must be one of ${choices.join(", ")}`);
  }

  matching(name: string, pattern: RegExp, what: string): string | undefined {
    const text = this.optional(name);
    if (text === undefined || pattern.test(text)) return text;
    throw this.refusal(name, text, `it must be ${what}`);
  }

  integer(name: string, { min, max } = INT32): number {
    const text = this.text(name);
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw this.refusal(name, text, `it must be a whole number from ${min} to ${max}`);
  }

  /** In milliseconds. A number without a unit is in seconds. */
  durationMs(name: string): number {
    const text = this.text(name);
    const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
    if (ms !== undefined) return ms;
    throw this.refusal(name, text, "it must be a time such as 30s or 1m30s");
  }

  /** The same for what a timer waits for: at most 24 days, which is all that a timer can. */
  timeoutMs(name: string): number {
    return Math.min(this.durationMs(name), MAX_TIMER_MS);
  }

  list(name: string): readonly string[] {
    return this.#given(name).flatMap((text) => (text === "" ? [] : this.#fields(name, text)));
  }

  /** Sorted by key; of two with one key the later one counts. */
  pairs(name: string): readonly (readonly [key: string, value: string])[] {
    const fields = this.#given(name).flatMap((text) => this.#pairTexts(name, text));
    const pairs = fields.map((field) => {
      const at = field.indexOf("=");
      if (at === -1) throw this.refusal(name, field, `${field} must be formatted as key=value`);
      return [field.slice(0, at), field.slice(at + 1)] as const;
    });
    return [...new Map(pairs)].toSorted(([one], [other]) => (one < other ? -1 : 1));
  }

  refusal(name: string, value: string, what: string): CliError {
    const label = flagLabel(name, this.#flag(name));
    return new CliError("USAGE", `invalid argument ${JSON.stringify(value)} for "${label}" flag: ${what}`);
  }

  /** A value with one equals sign is one pair, whatever commas it has. */
  #pairTexts(name: string, text: string): readonly string[] {
    return text.split("=").length === 2 ? [text.replaceAll(/^"|"$/g, "")] : this.#fields(name, text);
  }

  #fields(name: string, text: string): readonly string[] {
    const fields = csvFields(text);
    if (fields !== undefined) return fields;
    throw this.refusal(name, text, 'a double quote must be around a whole item, and doubled within: "a,""b"""');
  }

  #given(name: string): readonly string[] {
    this.#flag(name);
    return this.#values.get(name) ?? [];
  }

  #flag(name: string): Flag {
    const flag = this.#table[name];
    if (flag === undefined) throw new TypeError(`Cannot read the flag "${name}": the command has none`);
    return flag;
  }
}
