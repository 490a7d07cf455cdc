import { StoreError } from "../../host/errors.ts";

export interface FetchLimits {
  readonly ms: number;
  readonly maxBytes: number;
  /** For messages: `the database "default"`. */
  readonly what: string;
}

/**
 * As `fetch`, with a deadline, without following the server elsewhere, and with an answer of limited size.
 *
 * @throws {StoreError} `TIME_LIMIT`; also while the body is read: `LIMIT`.
 */
export async function limitedFetch(
  request: Request,
  { ms, maxBytes, what }: FetchLimits,
  signal: AbortSignal,
): Promise<Response> {
  const deadline = AbortSignal.timeout(ms);
  try {
    const response = await fetch(request, { signal: AbortSignal.any([signal, deadline]), redirect: "error" });
    return limitedResponse(response, maxBytes, what);
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new StoreError("TIME_LIMIT", `Cannot use ${what}: it has not answered within ${ms} ms`, { cause: error });
  }
}

function limitedResponse(response: Response, maxBytes: number, what: string): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= maxBytes) controller.enqueue(chunk);
      else controller.error(new StoreError("LIMIT", `Cannot use ${what}: its answer exceeds ${maxBytes} bytes`));
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(counter), { status, statusText, headers });
}
