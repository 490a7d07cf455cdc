import type { HostInterface } from "../../../component/host-interface.ts";
import { Fields } from "../../http/fields.ts";
import type { FutureIncomingResponse } from "../../http/future-response.ts";
import { type IncomingResponse, OutgoingRequest } from "../../http/messages.ts";
import type { Method } from "../../http/method.ts";
import { sendRequest } from "../../http/send-request.ts";
import { type InputStream, MAX_READ_BYTES, isStreamError } from "../../io/input-stream.ts";
import { type Result, errOf, okOf } from "../../results.ts";
import type { HostState } from "../../state.ts";
import { MAX_RESULT_BYTES } from "../store-limits.ts";

interface Request {
  readonly method: "get" | "post" | "put" | "delete" | "patch" | "head" | "options";
  readonly uri: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}

interface Response {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** `http-error`, less what only Spin's own clients had. */
type Fault = "destination-not-allowed" | "invalid-url" | "request-error" | "runtime-error";
type Answer = Result<Response, Fault>;

/** Stands for the application itself where a path is read as a URL. */
const OWN_HOST = "own.invalid";
const OWN_BASE = `http://${OWN_HOST}/`;

/** Of the SDKs for Spin 1: a request and its whole response in one call. */
export const legacyHttp: HostInterface<HostState> = {
  name: "fermyon:spin/http",
  version: undefined,
  functions: { "send-request": { call: send, blocking: true } },
  resources: {},
};

async function send(state: HostState, request: Request): Promise<Answer> {
  const outgoing = outgoingRequest(state, request);
  if (outgoing === undefined) return failed("invalid-url");
  const sent = sendRequest(state, outgoing, undefined);
  if (sent.tag === "err") {
    return failed(sent.val?.tag === "HTTP-request-denied" ? "destination-not-allowed" : "invalid-url");
  }
  return receive(state, sent.val);
}

async function receive(state: HostState, future: FutureIncomingResponse | undefined): Promise<Answer> {
  if (future === undefined) return failed("runtime-error");
  try {
    await state.wait([future]);
    const taken = future.take();
    if (taken === undefined || taken === "taken" || taken.tag === "err" || taken.val === undefined) {
      return failed("request-error");
    }
    return await wholeResponse(state, taken.val);
  } finally {
    future.drop();
  }
}

function failed(fault: Fault): Answer {
  return errOf(fault);
}

function outgoingRequest(state: HostState, { method, uri, headers, body }: Request): OutgoingRequest | undefined {
  const fields = Fields.empty(state.services.maxFieldBytes);
  for (const [name, value] of headers) fields.append(name, Buffer.from(value)); // What no field may be is left out.
  const request = new OutgoingRequest(fields);
  const tag: Method = { tag: method };
  if (!setTarget(request, uri) || !request.setMethod(tag)) return undefined;
  if (body !== undefined) request.openBody(state)?.endWhole(body);
  return request;
}

/** A path alone is one of the application itself. */
function setTarget(request: OutgoingRequest, uri: string): boolean {
  const url = URL.parse(uri, uri.startsWith("/") ? OWN_BASE : undefined);
  if (url === null || !request.setPathWithQuery(`${url.pathname}${url.search}`)) return false;
  if (uri.startsWith("/") && url.host === OWN_HOST) return true;
  const scheme = { "http:": "HTTP", "https:": "HTTPS" }[url.protocol];
  return (
    (scheme === "HTTP" || scheme === "HTTPS") && request.setScheme({ tag: scheme }) && request.setAuthority(url.host)
  );
}

async function wholeResponse(state: HostState, response: IncomingResponse): Promise<Answer> {
  const body = response.consume();
  const stream = body?.openStream();
  try {
    const bytes = stream === undefined ? new Uint8Array(0) : await readWhole(state, stream);
    if (typeof bytes === "string") return failed(bytes);
    const headers = response.headers.entries().map(([name, value]) => [name, value.toString()] as const);
    return okOf({ status: response.status, headers, body: bytes });
  } finally {
    stream?.close();
    body?.drop();
  }
}

async function readWhole(state: HostState, stream: InputStream): Promise<Uint8Array | Fault> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    await state.wait([stream]);
    const taken = stream.take(MAX_READ_BYTES);
    if (taken === undefined) continue;
    if (isStreamError(taken)) return taken.tag === "closed" ? Buffer.concat(chunks) : "request-error";
    length += taken.length;
    if (length > MAX_RESULT_BYTES) return "runtime-error";
    chunks.push(taken);
  }
}
