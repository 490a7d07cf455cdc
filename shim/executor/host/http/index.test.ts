import { expect } from "chai";
import { describe, it } from "mocha";
import { HostError } from "../errors.ts";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { IncomingBody } from "./incoming-body.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import { httpInterfaces } from "./index.ts";

const [{ resources }] = httpInterfaces;

function state(): HostState {
  return new HostState({} as HostServices, { deadlineMs: performance.now() + 1000, computeMs: 1000 });
}

describe("wasi:http/types", () => {
  for (const [name, open] of [
    [
      "incoming-body",
      () =>
        new IncomingBody({
          stream: undefined,
          maxBytes: 1,
          tooLong: "HTTP-request-body-size",
          trailers: () => undefined,
        }),
    ],
    ["outgoing-body", () => new OutgoingBody(state(), { bytes: undefined, mismatch: "HTTP-response-body-size" })],
  ] as const) {
    it(`ends a guest that drops the ${name} before its stream, unless it ended both`, () => {
      for (const when of ["call", "end"] as const) {
        const body = open();
        const stream = body.openStream();
        if (when === "end") resources[name]?.drop?.(body, state(), when);
        else expect(() => resources[name]?.drop?.(body, state(), when)).to.throw(HostError, /its stream is still open/);
        stream?.close();
        resources[name]?.drop?.(body, state(), when);
      }
    });
  }
});
