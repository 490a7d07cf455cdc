declare global {
  // Not in TypeScript's own description of the language yet.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): unknown;
  }
}

/**
 * Parses JSON so that `JSON.stringify` gives every number back as it was, be it a 64-bit limit or `1.0`.
 *
 * @throws {SyntaxError} for what is not JSON, {RangeError} for more than `maxDepth` levels.
 */
export function parseExactJson(text: string, maxDepth: number): unknown {
  checkDepth(text, maxDepth); // First, for with a reviver V8 recurses.
  return JSON.parse(text, keepNumber);
}

function keepNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  if (typeof value !== "number" || source === undefined) return value;
  return JSON.stringify(value) === source ? value : JSON.rawJSON(source);
}

function checkDepth(text: string, maxDepth: number): void {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '"') index = endOfString(text, index);
    else if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") depth -= 1;
    if (depth > maxDepth) throw new RangeError(`it has more than ${String(maxDepth)} levels`);
  }
}

/** Where the string that begins at `start` ends; the end of the text for one that does not. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index;
}
