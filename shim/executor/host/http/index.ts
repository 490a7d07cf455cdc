import type { HostInterface } from "../../component/host-interface.ts";
import type { IoError } from "../io/io-error.ts";
import type { HostState } from "../state.ts";
import { bodyFunctions } from "./body-functions.ts";
import type { HttpErrorCode } from "./error-code.ts";
import { fieldsFunctions } from "./fields-functions.ts";
import type { FutureIncomingResponse } from "./future-response.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { incomingFunctions } from "./incoming-functions.ts";
import type { IncomingResponse } from "./messages.ts";
import type { OutgoingBody } from "./outgoing-body.ts";
import { outgoingFunctions } from "./outgoing-functions.ts";
import { sendRequest } from "./send-request.ts";

const types: HostInterface<HostState> = {
  name: "wasi:http/types",
  version: "0.2.12",
  functions: {
    "http-error-code": { call: (_state, error: IoError) => error.codeFor("http") as HttpErrorCode | undefined },
    ...fieldsFunctions,
    ...incomingFunctions,
    ...outgoingFunctions,
    ...bodyFunctions,
  },
  resources: {
    fields: {},
    "incoming-request": {},
    "outgoing-request": {},
    "request-options": {},
    "response-outparam": {},
    "incoming-response": {
      drop(rep) {
        (rep as IncomingResponse).drop();
      },
    },
    "incoming-body": {
      drop(rep) {
        (rep as IncomingBody).drop();
      },
    },
    "future-trailers": {},
    "outgoing-response": {},
    "outgoing-body": {
      drop(rep) {
        (rep as OutgoingBody).drop();
      },
    },
    "future-incoming-response": {
      drop(rep) {
        (rep as FutureIncomingResponse).drop();
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
