import type { HostInterface } from "../../component/host-interface.ts";
import type { IoError } from "../io/io-error.ts";
import type { HostState } from "../state.ts";
import { bodyFunctions, checkChild } from "./body-functions.ts";
import { fieldsFunctions } from "./fields-functions.ts";
import type { Fields } from "./fields.ts";
import type { FutureIncomingResponse } from "./future-response.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { incomingFunctions } from "./incoming-functions.ts";
import type { IncomingResponse, OutgoingRequest, OutgoingResponse } from "./messages.ts";
import type { OutgoingBody } from "./outgoing-body.ts";
import { outgoingFunctions } from "./outgoing-functions.ts";
import { sendRequest } from "./send-request.ts";

const types: HostInterface<HostState> = {
  name: "wasi:http/types",
  version: "0.2.12",
  functions: {
    "http-error-code": { call: (_state, error: IoError) => error.codeFor("http") },
    ...fieldsFunctions,
    ...incomingFunctions,
    ...outgoingFunctions,
    ...bodyFunctions,
  },
  resources: {
    fields: {
      drop(rep: Fields) {
        rep.drop();
      },
    },
    "incoming-request": {},
    "outgoing-request": {
      drop(rep: OutgoingRequest) {
        rep.drop();
      },
    },
    "request-options": {},
    "response-outparam": {},
    "incoming-response": {
      drop(rep: IncomingResponse) {
        rep.drop();
      },
    },
    "incoming-body": {
      drop(rep: IncomingBody, _state, at) {
        rep.drop();
        if (at === "call") checkChild(rep, "drop");
      },
    },
    "future-trailers": {},
    "outgoing-response": {
      drop(rep: OutgoingResponse) {
        rep.drop();
      },
    },
    "outgoing-body": {
      drop(rep: OutgoingBody, _state, at) {
        rep.drop();
        if (at === "call") checkChild(rep, "drop");
      },
    },
    "future-incoming-response": {
      drop(rep: FutureIncomingResponse) {
        rep.drop();
      },
    },
  },
};

const outgoingHandler: HostInterface<HostState> = {
  name: "wasi:http/outgoing-handler",
  version: "0.2.12",
  functions: { handle: { call: sendRequest } },
  resources: {},
};

export const httpInterfaces = [types, outgoingHandler] as const;
