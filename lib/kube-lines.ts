import { KubeError } from "./kube-error.ts";

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines of UTF-8, without their newline; empty lines are left out, a last line without a
 * newline counts.
 *
 * @throws {KubeError} `Malformed` when a line is longer than `maxBytes`.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string, void> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...begun, chunk.subarray(from, to)]).toString("utf8");
      begun = [];
      begunBytes = 0;
      from = to + 1;
      if (line !== "") yield line;
    }
    begunBytes += chunk.length - from;
    if (begunBytes > maxBytes) throw tooLong(maxBytes);
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begunBytes > 0) yield Buffer.concat(begun).toString("utf8");
}

function tooLong(maxBytes: number): KubeError {
  return new KubeError("Malformed", `Cannot read the stream: a line is longer than ${maxBytes} bytes`);
}
