import type { BodySink } from "./body-sink.ts";
import { type HttpErrorCode, HttpError } from "./error-code.ts";
import type { OutgoingCall } from "./outgoing-service.ts";

/** Ends a call that goes nowhere. Its guest learns why where it looks for the response, and may write all of its body first. */
export function refuseCall(call: OutgoingCall, code: HttpErrorCode): void {
  call.body?.attach(NOWHERE);
  call.onEnd(new HttpError(code));
}

const NOWHERE: BodySink = {
  begin: () => undefined,
  write: () => undefined,
  queuedBytes: () => 0,
  onDrain: () => () => undefined, // There is never anything to wait for.
  failure: () => undefined,
  end: () => undefined,
  abort: () => undefined,
};
