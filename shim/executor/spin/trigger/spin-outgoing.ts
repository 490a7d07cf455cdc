import type { OutgoingCall, OutgoingService, OutgoingTarget } from "../../host/http/outgoing-service.ts";
import { refuseCall } from "../../host/http/refuse-call.ts";
import { chainedComponent } from "../outbound/service-chaining.ts";
import type { OutboundPolicy } from "./outbound-policy.ts";

/** The name of the application itself: its routes, as a client sees them. */
export const SELF_HOST = "self.alt";

export interface SpinOutgoingOptions {
  readonly policy: Pick<OutboundPolicy, "allowsHttp" | "isBlocked">;
  /** To a component of the application. */
  sendToComponent(id: string, call: OutgoingCall): void;
  /** To one of the application's routes. */
  sendToSelf(call: OutgoingCall): void;
  /** To everything else. */
  readonly outside: Pick<OutgoingService, "send">;
}

/** Where the requests of a Spin component go. */
export class SpinOutgoing implements OutgoingService {
  readonly selfHost = SELF_HOST;
  readonly #options: SpinOutgoingOptions;

  constructor(options: SpinOutgoingOptions) {
    this.#options = options;
  }

  isAllowed(target: OutgoingTarget): boolean {
    return this.#options.policy.allowsHttp(target);
  }

  send(call: OutgoingCall): void {
    const { scheme, host } = call.target;
    const component = scheme === "http" ? chainedComponent(host) : undefined;
    if (component !== undefined) this.#options.sendToComponent(component, call);
    else if (host === SELF_HOST) this.#options.sendToSelf(call);
    else if (this.#options.policy.isBlocked(host)) refuseCall(call, { tag: "destination-IP-prohibited" });
    else this.#options.outside.send(call);
  }
}
