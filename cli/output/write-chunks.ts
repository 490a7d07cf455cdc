import { once } from "node:events";

/** Writes all of a stream, no faster than `output` takes it. */
export async function writeChunks(
  chunks: AsyncIterable<Uint8Array>,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    if (!output.write(chunk)) await once(output, "drain", { signal });
  }
}
