import { LEVELS } from "@rcm/lib/install-job";

type Test = (value: unknown) => boolean;

/** What the fields of an object must be. Fields that are named in neither list may be anything. */
export interface Fields {
  readonly required: Readonly<Record<string, Test>>;
  /** These may be absent. */
  readonly optional: Readonly<Record<string, Test>>;
}

/** The most characters of a reason or a digest: both go into annotations and into a Shim's status. */
const WORD_MAX = 128;

export function hasFields(value: unknown, { required, optional }: Fields): boolean {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    Object.entries(required).every(([name, isGood]) => isGood(fields.get(name))) &&
    Object.entries(optional).every(([name, isGood]) => fields.get(name) === undefined || isGood(fields.get(name)))
  );
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** A text of at most `WORD_MAX` characters. */
export function isWord(value: unknown): boolean {
  return isText(value) && value.length <= WORD_MAX;
}

export function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

/** A finite number that is not negative. */
export function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

export function isLevel(value: unknown): boolean {
  return LEVELS.some((level) => level === value);
}
