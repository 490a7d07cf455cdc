import type { ExportedFunction } from "../component/host-interface.ts";
import { IncomingRequest, type RequestHead } from "../host/http/messages.ts";
import { ResponseOutparam } from "../host/http/response-outparam.ts";
import type { HostServices } from "../host/services.ts";
import type { Visit } from "./visits.ts";

/** How requests go into a guest, and answers come out of it. */
export interface GuestEntry<Head extends RequestHead = RequestHead> {
  /** The exported function. */
  readonly export: { readonly interface: string; readonly name: string };
  /** For one request. */
  admit(head: Head): Admission;
}

export interface Admission {
  /** What the guest gets from the host. */
  readonly services: HostServices;
  /** Calls the guest. It is at work until a promise that is returned settles. */
  enter(func: ExportedFunction, visit: Visit): unknown;
}

/** `wasi:http/incoming-handler` */
export class IncomingHandlerEntry implements GuestEntry, Admission {
  readonly export = { interface: "wasi:http/incoming-handler", name: "handle" } as const;
  readonly services: HostServices;

  constructor(services: HostServices) {
    this.services = services;
  }

  admit(): Admission {
    return this;
  }

  enter(func: ExportedFunction, { head, answer }: Visit): unknown {
    return func.call(new IncomingRequest(head, this.services.maxFieldBytes), new ResponseOutparam(answer));
  }
}
