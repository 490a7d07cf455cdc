import type { HostFunction } from "../../component/host-interface.ts";
import { Pollable } from "../io/pollable.ts";
import { FAILED, OK, type Result, errOf, okOf } from "../results.ts";
import type { HostState } from "../state.ts";
import type { HttpErrorCode } from "./error-code.ts";
import type { Fields } from "./fields.ts";
import type { FutureTrailers, IncomingBody } from "./incoming-body.ts";
import { once } from "./incoming-functions.ts";
import type { OutgoingBody } from "./outgoing-body.ts";

type Trailers = Result<Result<Fields | undefined, HttpErrorCode>, undefined>;

export const bodyFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[method]incoming-body.stream": { call: (_state, self: IncomingBody) => once(self.openStream()) },
  "[static]incoming-body.finish": { call: (_state, body: IncomingBody) => body.finish() },
  "[method]future-trailers.subscribe": { call: (_state, self: FutureTrailers) => new Pollable(self) },
  "[method]future-trailers.get": { call: (_state, self: FutureTrailers) => getTrailers(self) },
  "[method]outgoing-body.write": { call: (_state, self: OutgoingBody) => once(self.openStream()) },
  "[static]outgoing-body.finish": { call: finish },
};

function getTrailers(self: FutureTrailers): Trailers | undefined {
  const taken = self.take();
  if (taken === undefined) return undefined;
  if (taken === "taken") return FAILED;
  return okOf("trailers" in taken ? okOf(taken.trailers) : errOf(taken));
}

function finish(_state: HostState, body: OutgoingBody, trailers: Fields | undefined): Result<undefined, HttpErrorCode> {
  const error = body.finish(trailers);
  return error === undefined ? OK : errOf(error);
}
