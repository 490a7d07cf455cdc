/**
 * The text on one line, cut to at most `max` UTF-16 code units. A surrogate that has lost its other half becomes U+FFFD,
 * as it would in the API server: otherwise what we want to write would differ for ever from what the server has.
 */
export function oneLine(text: string, max: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return (line.length <= max ? line : `${line.slice(0, max - 1)}…`).toWellFormed();
}
