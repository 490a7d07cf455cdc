import type { OutgoingCall } from "../../host/http/outgoing-service.ts";
import { refuseCall } from "../../host/http/refuse-call.ts";
import type { Answer, ClientAnswer } from "../../server/answer.ts";
import type { ClientRequest } from "../../server/client-request.ts";
import type { RequestSource, GuestHandler } from "../../server/guest-handler.ts";
import type { RequestHandler } from "../../server/request-handler.ts";
import type { Visit, Visits } from "../../server/visits.ts";
import { type RouteMatch, type Router, matchWhole } from "../routes/router.ts";
import type { Chain } from "./chain.ts";
import { KnownRoutes } from "./known-routes.ts";
import { type ClientHead, RoutedRequest } from "./routed-request.ts";
import { WELL_KNOWN_PREFIX, type WellKnown } from "./well-known.ts";

export type SpinGuestHandler = GuestHandler<RoutedRequest>;

/** What a route leads to. */
export type RouteTarget =
  | { readonly kind: "component"; readonly handler: SpinGuestHandler }
  | {
      readonly kind: "static";
      readonly status: number;
      /** Names and values in turn. */
      readonly headers: readonly string[];
      readonly body: Buffer;
    };

export interface HttpRequestsOptions {
  readonly router: Router<RouteTarget>;
  /** By the id in lower case: all that can be asked from inside. */
  readonly components: ReadonlyMap<string, SpinGuestHandler>;
  readonly wellKnown: WellKnown;
  readonly visits: Visits;
  readonly chain: Chain;
}

const NOTHING = Buffer.alloc(0);

/** Leads requests to the components of an application by its routes: those of clients and those of its own guests. */
export class HttpRequests implements RequestHandler {
  readonly #options: HttpRequestsOptions;
  readonly #routes: KnownRoutes<RouteTarget>;

  constructor(options: HttpRequestsOptions) {
    this.#options = options;
    this.#routes = new KnownRoutes(options.router);
  }

  handle(head: ClientRequest, answer: ClientAnswer): void {
    const { visits } = this.#options;
    const found = this.#find(head, answer);
    if (found === undefined) return;
    if (head.isTooLarge) {
      answer.closeAfter(); // Its body is not going to be read.
      answer.refuse(413, "The request's body is too large");
      return;
    }
    visits.ask(answer, () => {
      found.handler.start(new RoutedRequest(head, found.match), answer);
    });
  }

  /** A guest's request to one of the application's routes. */
  sendToSelf(call: OutgoingCall): void {
    this.#options.chain.send(call, (head, answer, source) => {
      const found = this.#find(head, answer);
      return found === undefined ? undefined : startInside(found.handler, { head, match: found.match }, answer, source);
    });
  }

  /** A guest's request to a component, as if all paths led there. */
  sendToComponent(id: string, call: OutgoingCall): void {
    const handler = this.#options.components.get(id.toLowerCase());
    if (handler === undefined) {
      refuseCall(call, { tag: "destination-not-found" });
      return;
    }
    this.#options.chain.send(call, (head, answer, source) =>
      startInside(handler, { head, match: matchWhole(handler, pathOf(head)) }, answer, source),
    );
  }

  /** Answers what needs no guest. */
  #find(head: ClientHead, answer: Answer): Found | undefined {
    const path = pathOf(head);
    if (path.startsWith(WELL_KNOWN_PREFIX)) {
      this.#options.wellKnown.answer(path, answer);
      return undefined;
    }
    const match = this.#routes.match(path);
    if (match === undefined) answer.reply(404, [], NOTHING);
    else if (match.target.kind === "component") return { handler: match.target.handler, match };
    else answer.reply(match.target.status, match.target.headers, match.target.body);
    return undefined;
  }

  async idle(): Promise<void> {
    await this.#options.visits.idle();
  }

  closeAfterAnswers(): void {
    this.#options.visits.closeAfterAnswers();
  }

  endAll(reason: Error): void {
    this.#options.visits.endAll(reason);
  }
}

interface Found {
  readonly handler: SpinGuestHandler;
  readonly match: RouteMatch<unknown>;
}

function startInside(
  handler: SpinGuestHandler,
  { head, match }: { readonly head: ClientHead; readonly match: RouteMatch<unknown> },
  answer: Answer,
  source: RequestSource,
): Visit {
  return handler.start(new RoutedRequest(head, match), answer, source);
}

function pathOf({ pathWithQuery = "/" }: ClientHead): string {
  const query = pathWithQuery.indexOf("?");
  return query < 0 ? pathWithQuery : pathWithQuery.slice(0, query);
}
