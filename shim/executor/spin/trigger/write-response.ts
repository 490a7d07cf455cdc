import { Fields } from "../../host/http/fields.ts";
import { OutgoingResponse } from "../../host/http/messages.ts";
import type { HostState } from "../../host/state.ts";
import { TriggerError } from "./errors.ts";

/** A header field as a guest gave it. */
export type TextField = readonly [name: string, value: string];

/**
 * A response without a body, from what a guest gave as text. Fields of the connection are the host's and left out.
 *
 * @throws {TriggerError} `GUEST_ANSWER` if a field or the status is none.
 */
export function responseFrom(state: HostState, status: number, fields: readonly TextField[]): OutgoingResponse {
  const headers = Fields.empty(state.services.maxFieldBytes);
  for (const [name, value] of fields) {
    const error = headers.append(name, Buffer.from(value));
    if (error?.tag === "invalid-syntax") {
      throw new TriggerError(
        "GUEST_ANSWER",
        `Cannot answer with the header "${name}": its name or value has characters that HTTP forbids`,
      );
    }
  }
  const response = new OutgoingResponse(headers);
  if (response.setStatus(status)) return response;
  throw new TriggerError("GUEST_ANSWER", `Cannot answer with status ${status}: it must be from 200 to 999`);
}

/** Ends a response with its whole body. */
export function endWith(state: HostState, response: OutgoingResponse, body: Uint8Array): void {
  response.openBody(state)?.endWhole(body);
}
