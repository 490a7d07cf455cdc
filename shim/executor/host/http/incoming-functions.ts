import type { HostFunction } from "../../component/host-interface.ts";
import { Pollable } from "../io/pollable.ts";
import { FAILED, OK, type Result, errOf, okOf } from "../results.ts";
import type { HostState } from "../state.ts";
import type { HttpErrorCode } from "./error-code.ts";
import type { Fields } from "./fields.ts";
import type { FutureIncomingResponse } from "./future-response.ts";
import type { IncomingRequest, IncomingResponse, OutgoingResponse } from "./messages.ts";
import type { ResponseOutparam } from "./response-outparam.ts";

const MIN_INFORMATIONAL = 100;
const MAX_INFORMATIONAL = 199;

/** What a server gets, and what a client gets back. */
export const incomingFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[method]incoming-request.method": { call: (_state, self: IncomingRequest) => self.head.method },
  "[method]incoming-request.path-with-query": { call: (_state, self: IncomingRequest) => self.head.pathWithQuery },
  "[method]incoming-request.scheme": { call: (_state, self: IncomingRequest) => self.head.scheme },
  "[method]incoming-request.authority": { call: (_state, self: IncomingRequest) => self.head.authority },
  "[method]incoming-request.headers": { call: (_state, self: IncomingRequest) => self.headers() },
  "[method]incoming-request.consume": { call: (_state, self: IncomingRequest) => once(self.consume()) },
  "[method]response-outparam.send-informational": { call: sendInformational },
  "[static]response-outparam.set": { call: setResponse },
  "[method]incoming-response.status": { call: (_state, self: IncomingResponse) => self.status },
  "[method]incoming-response.headers": { call: (_state, self: IncomingResponse) => self.headers.share() },
  "[method]incoming-response.consume": { call: (_state, self: IncomingResponse) => once(self.consume()) },
  "[method]future-incoming-response.subscribe": {
    call: (_state, self: FutureIncomingResponse) => new Pollable(self),
  },
  "[method]future-incoming-response.get": { call: getResponse },
};

/** The result of what may be done once. */
export function once<T extends object>(value: T | undefined): Result<T, undefined> {
  return value === undefined ? FAILED : okOf(value);
}

function sendInformational(
  _state: HostState,
  self: ResponseOutparam,
  ...[status, headers]: readonly [number, Fields]
): Result<undefined, HttpErrorCode> {
  if (status < MIN_INFORMATIONAL || status > MAX_INFORMATIONAL) return errOf({ tag: "HTTP-protocol-error" });
  const error = self.responder.informational(status, headers.flat());
  return error === undefined ? OK : errOf(error);
}

function setResponse(
  _state: HostState,
  param: ResponseOutparam,
  response: Result<OutgoingResponse, HttpErrorCode>,
): undefined {
  if (response.tag === "ok" && response.val !== undefined) param.responder.respond(response.val);
  else if (response.tag === "err" && response.val !== undefined) param.responder.fail(response.val);
  return undefined;
}

/** `option<result<result<incoming-response, error-code>>>` */
function getResponse(
  state: HostState,
  self: FutureIncomingResponse,
): Result<Result<IncomingResponse, HttpErrorCode>, undefined> | undefined {
  const taken = self.take();
  if (taken === undefined) return undefined;
  if (taken !== "taken" && taken.tag === "ok") taken.val?.headers.countBy(state);
  return taken === "taken" ? FAILED : okOf(taken);
}
