const WARNING = /^\d{3} \S+ "(?<text>(?:[^"\\]|\\.)*)"/;

/**
 * What a `Warning` header of the API server says: `unknown field` of `299 - "unknown field"`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7234#section-5.5}
 */
export function warningText(header: string): string {
  const quoted = WARNING.exec(header)?.groups?.["text"];
  return quoted === undefined ? header : quoted.replaceAll(/\\(.)/g, "$1");
}
