import type { HostFunction } from "../../component/host-interface.ts";
import { FAILED, OK, type Result } from "../results.ts";
import type { HostState } from "../state.ts";
import type { Fields } from "./fields.ts";
import { once } from "./incoming-functions.ts";
import { OutgoingRequest, OutgoingResponse } from "./messages.ts";
import type { Method, Scheme } from "./method.ts";
import { RequestOptions } from "./request-options.ts";

/** What a server answers, and what a client asks. */
export const outgoingFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[constructor]outgoing-response": { call: (_state, headers: Fields) => new OutgoingResponse(headers) },
  "[method]outgoing-response.status-code": { call: (_state, self: OutgoingResponse) => self.status },
  "[method]outgoing-response.set-status-code": {
    call: (_state, self: OutgoingResponse, status: number) => done(self.setStatus(status)),
  },
  "[method]outgoing-response.headers": { call: (_state, self: OutgoingResponse) => self.headers.share() },
  "[method]outgoing-response.body": { call: (state, self: OutgoingResponse) => once(self.openBody(state)) },
  "[constructor]outgoing-request": { call: (_state, headers: Fields) => new OutgoingRequest(headers) },
  "[method]outgoing-request.body": { call: (state, self: OutgoingRequest) => once(self.openBody(state)) },
  "[method]outgoing-request.method": { call: (_state, self: OutgoingRequest) => self.method },
  "[method]outgoing-request.set-method": {
    call: (_state, self: OutgoingRequest, method: Method) => done(self.setMethod(method)),
  },
  "[method]outgoing-request.path-with-query": { call: (_state, self: OutgoingRequest) => self.pathWithQuery },
  "[method]outgoing-request.set-path-with-query": {
    call: (_state, self: OutgoingRequest, path: string | undefined) => done(self.setPathWithQuery(path)),
  },
  "[method]outgoing-request.scheme": { call: (_state, self: OutgoingRequest) => self.scheme },
  "[method]outgoing-request.set-scheme": {
    call: (_state, self: OutgoingRequest, scheme: Scheme | undefined) => done(self.setScheme(scheme)),
  },
  "[method]outgoing-request.authority": { call: (_state, self: OutgoingRequest) => self.authority },
  "[method]outgoing-request.set-authority": {
    call: (_state, self: OutgoingRequest, authority: string | undefined) => done(self.setAuthority(authority)),
  },
  "[method]outgoing-request.headers": { call: (_state, self: OutgoingRequest) => self.headers.share() },
  "[constructor]request-options": { call: () => new RequestOptions() },
  ...timeoutFunctions("connect-timeout", "connectTimeoutNs"),
  ...timeoutFunctions("first-byte-timeout", "firstByteTimeoutNs"),
  ...timeoutFunctions("between-bytes-timeout", "betweenBytesTimeoutNs"),
};

function timeoutFunctions(
  name: string,
  key: "connectTimeoutNs" | "firstByteTimeoutNs" | "betweenBytesTimeoutNs",
): Readonly<Record<string, HostFunction<HostState>>> {
  return {
    [`[method]request-options.${name}`]: { call: (_state, self: RequestOptions) => self[key] },
    [`[method]request-options.set-${name}`]: {
      call(_state, self: RequestOptions, duration: bigint | undefined) {
        self[key] = duration;
        return OK;
      },
    },
  };
}

function done(isDone: boolean): Result<undefined, undefined> {
  return isDone ? OK : FAILED;
}
