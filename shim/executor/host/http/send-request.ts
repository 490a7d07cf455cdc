import { type Result, errOf, okOf } from "../results.ts";
import type { HostState } from "../state.ts";
import type { HttpErrorCode } from "./error-code.ts";
import { FutureIncomingResponse } from "./future-response.ts";
import type { IncomingResponse, OutgoingRequest } from "./messages.ts";
import { textOfMethod } from "./method.ts";
import type { OutgoingTarget } from "./outgoing-service.ts";
import { timerMsFrom } from "./request-options.ts";
import type { RequestOptions } from "./request-options.ts";

/** What a response takes whose body nobody has read, beside the body. */
const RESPONSE_BYTES = 4 << 10;
const DENIED: HttpErrorCode = { tag: "HTTP-request-denied" };
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** `wasi:http/outgoing-handler.handle` */
export function sendRequest(
  state: HostState,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): Result<FutureIncomingResponse, HttpErrorCode> {
  const { outgoing } = state.services;
  const target = targetOf(request, outgoing.selfHost);
  if ("tag" in target) return refused(request, target);
  if (!outgoing.isAllowed(target)) return refused(request, DENIED);
  const controller = new AbortController();
  let answer: IncomingResponse | undefined = undefined;
  const future = new FutureIncomingResponse((reason) => {
    controller.abort(reason);
  });
  const takeBack = state.onDispose(() => {
    controller.abort(new Error("The guest has ended"));
  });
  state.countOpen();
  outgoing.send({
    target,
    method: textOfMethod(request.method),
    headers: request.headers.flat(),
    body: request.body,
    connectTimeoutMs: timerMsFrom(options?.connectTimeoutNs),
    firstByteTimeoutMs: timerMsFrom(options?.firstByteTimeoutNs),
    betweenBytesTimeoutMs: timerMsFrom(options?.betweenBytesTimeoutNs),
    maxFieldBytes: state.services.maxFieldBytes,
    depth: state.depth + 1,
    signal: controller.signal,
    onResponse(response) {
      answer = response;
      future.resolve(response);
    },
    onEnd(error) {
      takeBack();
      state.countClosed();
      request.headers.drop();
      if (answer !== undefined) countUnread(state, answer);
      future.reject(error);
    },
  });
  return okOf(future);
}

function refused(request: OutgoingRequest, code: HttpErrorCode): Result<FutureIncomingResponse, HttpErrorCode> {
  request.drop();
  return errOf(code);
}

/** Its connection is free: nothing but the guest's own limit bounds how many such responses it keeps. */
function countUnread(state: HostState, response: IncomingResponse): void {
  const bytes = response.unreadBytes + RESPONSE_BYTES;
  try {
    state.countBytes(bytes);
  } catch (error) {
    if (error instanceof Error) state.end(error);
  }
  response.onDone(() => {
    state.countBytes(-bytes);
  });
}

function targetOf(request: OutgoingRequest, selfHost: string | undefined): OutgoingTarget | HttpErrorCode {
  if (request.authority === undefined && selfHost !== undefined) {
    return { scheme: "http", host: selfHost, port: 80, pathWithQuery: pathOf(request) };
  }
  const scheme = request.scheme === undefined ? "https" : request.scheme.tag.toLowerCase();
  const defaultPort = DEFAULT_PORTS[scheme];
  if (defaultPort === undefined) return { tag: "HTTP-protocol-error" };
  const url = URL.parse(`${scheme}://${request.authority ?? ""}`);
  if (url === null || request.authority === undefined) return { tag: "HTTP-request-URI-invalid" };
  const port = url.port === "" ? defaultPort : Number(url.port);
  return { scheme: scheme === "http" ? "http" : "https", host: url.hostname, port, pathWithQuery: pathOf(request) };
}

function pathOf({ pathWithQuery }: OutgoingRequest): string {
  if (pathWithQuery === undefined || pathWithQuery === "") return "/";
  const [path = ""] = pathWithQuery.split("#", 1); // A fragment is nobody's but the client's.
  return path.startsWith("/") ? path : `/${path}`;
}
