import type { HostFunction } from "../../component/host-interface.ts";
import { HostError } from "../errors.ts";
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
  "[static]incoming-body.finish": { call: (_state, body: IncomingBody) => finishIncoming(body) },
  "[method]future-trailers.subscribe": { call: (_state, self: FutureTrailers) => new Pollable(self) },
  "[method]future-trailers.get": { call: getTrailers },
  "[method]outgoing-body.write": { call: (_state, self: OutgoingBody) => once(self.openStream()) },
  "[static]outgoing-body.finish": { call: finish },
};

function getTrailers(state: HostState, self: FutureTrailers): Trailers | undefined {
  const taken = self.take();
  if (taken === undefined) return undefined;
  if (taken === "taken") return FAILED;
  if (!("trailers" in taken)) return okOf(errOf(taken));
  taken.trailers?.countBy(state);
  return okOf(okOf(taken.trailers));
}

function finishIncoming(body: IncomingBody): FutureTrailers {
  checkChild(body, "finish");
  return body.finish();
}

/** @throws {HostError} `GUEST_FAULT` if the guest still has the body's stream, which must go first. */
export function checkChild({ isStreamOpen }: { readonly isStreamOpen: boolean }, verb: "drop" | "finish"): void {
  if (isStreamOpen) throw new HostError("GUEST_FAULT", `Cannot ${verb} the body: its stream is still open`);
}

function finish(_state: HostState, body: OutgoingBody, trailers: Fields | undefined): Result<undefined, HttpErrorCode> {
  checkChild(body, "finish");
  const error = body.finish(trailers);
  return error === undefined ? OK : errOf(error);
}
