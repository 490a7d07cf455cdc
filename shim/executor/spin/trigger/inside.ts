import type { OutgoingCall } from "../../host/http/outgoing-service.ts";
import { refuseCall } from "../../host/http/refuse-call.ts";
import type { HttpRequests } from "./http-requests.ts";

/** The way from guests to their own application, which is there once its routes are. */
export class Inside {
  requests: HttpRequests | undefined = undefined;

  sendToComponent(id: string, call: OutgoingCall): void {
    if (this.requests === undefined) refuse(call);
    else this.requests.sendToComponent(id, call);
  }

  sendToSelf(call: OutgoingCall): void {
    if (this.requests === undefined) refuse(call);
    else this.requests.sendToSelf(call);
  }
}

/** A command without an http trigger beside it. */
function refuse(call: OutgoingCall): void {
  refuseCall(call, { tag: "connection-refused" });
}
