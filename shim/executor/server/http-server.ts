import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { HostError } from "../host/errors.ts";
import { ServeError } from "./errors.ts";
import type { GuestRequests } from "./guest-requests.ts";
import type { ServerLimits } from "./limits.ts";
import type { ListenAddress } from "./listen-address.ts";

/** Longer than the idle time of common proxies, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
/** From the first byte of a request to the end of its head. */
const HEADERS_MS = 60_000;
const BACKLOG = 511;
/** After the guests were told to end: for their answers to go out. */
const LAST_MS = 1000;

export interface HttpServerOptions {
  readonly requests: GuestRequests;
  readonly address: ListenAddress;
  readonly limits: ServerLimits;
}

/** The server of a component: HTTP/1.1 by node:http. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  #isStopping = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: HEADERS_MS,
        requestTimeout: 0, // How long a body may take is the guest's deadline.
        maxHeaderSize: options.limits.maxHeaderBytes,
        noDelay: true,
      },
      (request, response) => {
        if (this.#isStopping) response.shouldKeepAlive = false;
        options.requests.handle(request, response);
      },
    );
  }

  /** @throws {ServeError} `LISTEN` if the address is taken or may not be used. */
  async listen(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const { host, port } = this.#options.address;
    this.#server.once("error", reject);
    this.#server.listen({ host, port, backlog: BACKLOG }, () => {
      resolve(undefined);
    });
    try {
      await promise;
    } catch (error) {
      throw new ServeError("LISTEN", `Cannot listen on "${host}:${port}"`, { cause: error });
    }
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") {
      throw new ServeError("LISTEN", `Cannot listen on "${host}:${port}"`);
    }
    return bound;
  }

  /** Takes no more connections, lets running requests end for the grace period, then ends them. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const { requests, limits } = this.#options;
    this.#server.close();
    requests.closeAfterAnswers();
    if (!(await endsWithin(requests.idle(), limits.graceMs))) {
      requests.endAll(new HostError("STOPPED", "Cannot go on with the guest: the program stops"));
      await endsWithin(requests.idle(), LAST_MS);
    }
    this.#server.closeIdleConnections();
    await endsWithin(this.#drained(), LAST_MS);
    this.#server.closeAllConnections();
  }

  async #drained(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.once("close", () => {
      resolve(undefined);
    });
    await promise;
  }
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const controller = new AbortController();
  const timeout = delay(ms, false, { signal: controller.signal }).catch(() => false);
  const hasEnded = await Promise.race([work.then(() => true), timeout]);
  controller.abort();
  return hasEnded;
}
