const NEWLINE = 0x0a;

/**
 * Puts a prefix before each line of a stream, and a newline at its end if it has none; so lines of several streams can
 * be mixed. What has no newline within `maxBytes` is cut there.
 */
export async function* prefixLines(
  chunks: AsyncIterable<Uint8Array>,
  prefix: string,
  maxBytes = 64 * 1024,
): AsyncGenerator<Uint8Array, void> {
  const before = Buffer.from(prefix);
  let begun = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let rest = Buffer.concat([begun, chunk]);
    for (let end = cutOf(rest, maxBytes); end !== undefined; end = cutOf(rest, maxBytes)) {
      const line = rest.subarray(0, end);
      const tail = line.at(-1) === NEWLINE ? [] : ["\n"];
      yield Buffer.concat([before, line, ...tail.map((text) => Buffer.from(text))]);
      rest = rest.subarray(end);
    }
    begun = rest;
  }
  if (begun.length > 0) yield Buffer.concat([before, begun, Buffer.from("\n")]);
}

/** Length of the first line with its newline, or of what is cut off; undefined when there is not enough yet. */
function cutOf(bytes: Buffer, maxBytes: number): number | undefined {
  const at = bytes.subarray(0, maxBytes).indexOf(NEWLINE);
  if (at !== -1) return at + 1;
  return bytes.length >= maxBytes ? maxBytes : undefined;
}
