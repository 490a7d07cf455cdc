/** Fields that are of no use after the body or harm there: RFC 9110, 6.5.1; those that hyper leaves out. */
const NEVER_TRAILERS: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "host",
  "max-forwards",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
]);

/** Whether the message says that trailers follow its body, and can have them: one with a length has none. */
export function hasTrailers(headers: readonly string[]): boolean {
  return valuesOf(headers, "trailer").length > 0 && valuesOf(headers, "content-length").length === 0;
}

/**
 * The trailers that are sent: those that the field `trailer` names.
 *
 * @param headers, trailers: names in lower case and values in turn.
 */
export function sentTrailers(headers: readonly string[], trailers: readonly string[]): [string, string][] {
  const names = valuesOf(headers, "trailer").flatMap((value) => value.split(","));
  const declared = new Set(names.map((name) => name.trim().toLowerCase()));
  const sent: [string, string][] = [];
  for (let index = 0; index + 1 < trailers.length; index += 2) {
    const name = trailers[index] ?? "";
    if (declared.has(name) && !NEVER_TRAILERS.has(name)) sent.push([name, trailers[index + 1] ?? ""]);
  }
  return sent;
}

function valuesOf(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index] === name) values.push(headers[index + 1] ?? "");
  }
  return values;
}
