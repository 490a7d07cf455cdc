import type { BodySource } from "../../host/http/incoming-body.ts";
import type { RequestHead } from "../../host/http/messages.ts";
import type { Method, Scheme } from "../../host/http/method.ts";
import { CHAINING_SUFFIX } from "../outbound/service-chaining.ts";
import { isRouteHeader, routeHeaders } from "../routes/route-headers.ts";
import type { RouteMatch } from "../routes/router.ts";

/** In the full URL of a request that names no host: HTTP/1.0 has none. */
const UNKNOWN_HOST = "localhost";
const HOST = "host";

/** A request, and who sent it. */
export interface ClientHead extends RequestHead {
  readonly origin: "client" | "guest";
  /** `IP:PORT` */
  readonly clientAddress: string;
}

/**
 * A request with the headers of the route that it came by. Headers of a client that look like those are left out, as are
 * hosts that only mean something inside: no client can pass for the host.
 */
export class RoutedRequest implements RequestHead {
  readonly #head: ClientHead;
  readonly #match: RouteMatch<unknown>;

  constructor(head: ClientHead, match: RouteMatch<unknown>) {
    this.#head = head;
    this.#match = match;
  }

  get method(): Method {
    return this.#head.method;
  }

  get pathWithQuery(): string | undefined {
    return this.#head.pathWithQuery;
  }

  get scheme(): Scheme {
    return this.#head.scheme;
  }

  get authority(): string | undefined {
    const { authority, origin } = this.#head;
    return origin === "client" && authority !== undefined && isInside(authority) ? undefined : authority;
  }

  body(): BodySource {
    return this.#head.body();
  }

  rawHeaders(): readonly string[] {
    return [...this.clientHeaders(), ...this.spinHeaders()];
  }

  /** Without those that the host adds. */
  clientHeaders(): readonly string[] {
    const raw = this.#head.rawHeaders();
    const kept: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = (raw[index] ?? "").toLowerCase();
      const value = raw[index + 1] ?? "";
      if (!isRouteHeader(name) && !(name === HOST && isInside(value))) kept.push(name, value);
    }
    return kept;
  }

  spinHeaders(): readonly string[] {
    return routeHeaders(this.#match, {
      authority: this.authority ?? UNKNOWN_HOST,
      pathWithQuery: this.#head.pathWithQuery ?? "/",
      clientAddress: this.#head.clientAddress,
    });
  }
}

function isInside(host: string): boolean {
  const [name = ""] = host.split(":", 1);
  return name.toLowerCase().endsWith(CHAINING_SUFFIX);
}
