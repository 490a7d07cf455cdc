const MAX_QUOTED = 80;

/** `value` for an error: on one line, and cut. */
export function quote(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

/** Names for an error: `"a", "b"`; the first 20. */
export function quoteAll(values: readonly string[]): string {
  if (values.length === 0) return "none";
  const shown = values.slice(0, 20).map((value) => quote(value));
  return values.length > shown.length ? `${shown.join(", ")}, …` : shown.join(", ");
}
