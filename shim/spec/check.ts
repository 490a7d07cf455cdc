import { SpecError } from "./errors.ts";

/** Longest list, text and value that an error quotes or a spec may have. */
const MAX_ITEMS = 65_536;
const MAX_QUOTED = 60;

/** What all checks throw. @param is what is the case. */
export function invalid(field: string, is: string): SpecError {
  const remedy = "look at what wrote the container's config.json (containerd, or a plug-in of it)";
  return new SpecError("SPEC_INVALID", `Cannot use field "${field}" of the OCI spec: ${is}: ${remedy}`);
}

/** `value` for an error: cut, and on one line. */
export function quote(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

export function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function checkObject(field: string, value: unknown): { readonly [field: string]: unknown } {
  if (!isObject(value)) throw invalid(field, `${quote(value)} is no object`);
  return value;
}

export function checkText(field: string, value: unknown): string {
  if (typeof value !== "string") throw invalid(field, `${quote(value)} is no string`);
  if (value.includes("\0")) throw invalid(field, `${quote(value)} has a NUL byte in it`);
  return value;
}

export function checkList(field: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(field, `${quote(value)} is no list`);
  if (value.length > MAX_ITEMS) {
    throw invalid(field, `it has ${String(value.length)} items, and the limit is ${String(MAX_ITEMS)}`);
  }
  return value;
}

export function checkTexts(field: string, value: unknown): void {
  for (const [index, item] of checkList(field, value).entries()) checkText(`${field}[${String(index)}]`, item);
}

export function checkTrueOrFalse(field: string, value: unknown): void {
  if (typeof value !== "boolean") throw invalid(field, `${quote(value)} is neither true nor false`);
}

/** A user or group id. */
export function checkId(field: string, value: unknown): void {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xff_ff_ff_ff) {
    throw invalid(field, `${quote(value)} is no whole number from 0 to 4294967295`);
  }
}
