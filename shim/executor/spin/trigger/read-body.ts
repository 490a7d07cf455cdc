import { IncomingBody } from "../../host/http/incoming-body.ts";
import type { RequestHead } from "../../host/http/messages.ts";
import { isStreamError } from "../../host/io/input-stream.ts";
import type { HostState } from "../../host/state.ts";

const READ_BYTES = 1 << 20;
/** Of a body that is held in memory as a whole. */
export const MAX_WHOLE_BYTES: number = 64 << 20;
/** Answered with 413. */
export const NOT_WHOLE = "The request's body is too large, or was cut off";

/**
 * Reads the whole body of a request, within the time that its guest has.
 *
 * @returns `undefined` if it has more than {@link MAX_WHOLE_BYTES}, or was cut off.
 */
export async function readBody(state: HostState, head: RequestHead): Promise<Buffer | undefined> {
  const body = new IncomingBody(head.body());
  const stream = body.openStream();
  if (stream === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const taken = stream.take(READ_BYTES);
      if (taken === undefined) await state.wait([stream]);
      else if (isStreamError(taken)) return taken.tag === "closed" ? Buffer.concat(chunks) : undefined;
      else if ((bytes += taken.length) > MAX_WHOLE_BYTES) return undefined;
      else chunks.push(taken);
    }
  } finally {
    stream.close();
    body.drop();
  }
}
