import { type Server, createServer } from "node:http";
import { type AddressInfo, BoundSocket, Server as NetServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { HostError } from "../host/errors.ts";
import type { ClientAnswer } from "./answer.ts";
import type { ClientRequest, RequestLimits } from "./client-request.ts";
import { ServeError } from "./errors.ts";
import type { Http2Connections } from "./http2-connections.ts";
import type { ServerLimits } from "./limits.ts";
import type { ListenAddress } from "./listen-address.ts";
import { NodeAnswer } from "./node-answer.ts";
import { NodeRequest } from "./node-request.ts";
import type { RequestHandler } from "./request-handler.ts";
import { tellVersion } from "./tell-version.ts";

/** Longer than the idle time of common proxies, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
/** From the first byte of a request to the end of its head. */
const HEADERS_MS = 60_000;
const BACKLOG = 511;
/** Headers have a limit of the server's. */
const MAX_TRAILER_BYTES = 128 << 10;
/** Of the time without requests: how long all of the lingering takes at most. */
const LONGEST_LINGER = 4;
/** At the end: how often it looks whether clients have read their answers. */
const LOOK_MS = 20;
/** After the guests were told to end: for their answers to go out. */
export const LAST_MS = 1000;

export interface HttpServerOptions {
  readonly requests: RequestHandler;
  readonly address: ListenAddress;
  readonly limits: ServerLimits;
  /** Whether threads of this program listen at the address too, and this is the first: the kernel spreads connections over all. */
  readonly sharing: "none" | "first" | "further";
  readonly onRequest: () => void;
}

/** The server of a program: HTTP/1.1, and HTTP/2 with prior knowledge, on one port. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that end with their next answer, so that their clients connect again. */
  readonly #old = new WeakSet<Socket>();
  #hasOld = false;
  #http2: Promise<Http2Connections> | undefined;
  #requests = 0;
  #isStopping = false;
  /** When the last request came, of those after the signal to stop. */
  #lastArrival = Number.NEGATIVE_INFINITY;
  #onDrained: () => void = () => undefined;

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
        if (this.#hasOld && this.#old.has(request.socket)) response.shouldKeepAlive = false;
        this.#handle(new NodeRequest(request, this.#requestLimits), new NodeAnswer(response));
      },
    );
    const [takeHttp1] = this.#server.listeners("connection");
    this.#server.removeAllListeners("connection");
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#onDrained();
      });
      tellVersion(socket, HEADERS_MS, (version) => {
        if (version === 1) takeHttp1?.call(this.#server, socket);
        else void this.#takeHttp2(socket);
      });
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** So far. */
  get requests(): number {
    return this.#requests;
  }

  /** Has every connection end with the next answer on it: clients make new ones. */
  renewConnections(): void {
    for (const socket of this.#sockets) this.#old.add(socket);
    this.#hasOld = true;
    this.#renewHttp2();
  }

  /** @throws {ServeError} `LISTEN` if the address is taken or may not be used. */
  async listen(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const { address, sharing } = this.#options;
    const { host, port } = address;
    try {
      this.#server.once("error", reject);
      // Another program that shares its address too would get half of the requests, and nobody would be told.
      if (sharing === "first" && port !== 0) new BoundSocket({ host, port }).close();
      // `listen()` of a host would look it up, as a name of IPv6 first: 5 ms for an address that is known.
      this.#server.listen(new BoundSocket({ host, port, reusePort: sharing !== "none" }), BACKLOG, () => {
        resolve(undefined);
      });
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

  /**
   * Goes on for a while: in a pod, this is told at the same time as those who send requests here. From now on each
   * answer closes its connection, so that clients move to other pods one after another. Then takes no more connections, lets running
   * requests end and clients read their answers for the rest of the grace period, and then ends them.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#renewHttp2();
    const { requests, limits } = this.#options;
    const end = performance.now() + limits.graceMs;
    requests.closeAfterAnswers();
    await this.#linger(end);
    NetServer.prototype.close.call(this.#server); // Node:http's own would cut answers that are not out yet.
    if (!(await this.#areOut(end))) {
      requests.endAll(new HostError("STOPPED", "Cannot go on with the guest: the program stops"));
      await endsWithin(requests.idle(), LAST_MS);
    }
    this.#server.close(); // The connections that nothing is asked on.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    await endsWithin(this.#drained(), LAST_MS);
    for (const socket of this.#sockets) socket.destroy();
  }

  get #requestLimits(): RequestLimits {
    return { maxRequestBodyBytes: this.#options.limits.maxRequestBodyBytes, maxTrailerBytes: MAX_TRAILER_BYTES };
  }

  #handle(request: ClientRequest, answer: ClientAnswer): void {
    this.#requests += 1;
    this.#options.onRequest();
    if (this.#isStopping) this.#noteLate(request, answer);
    this.#options.requests.handle(request, answer);
  }

  /** Only those who need it pay for HTTP/2. */
  async #takeHttp2(socket: Socket): Promise<void> {
    socket.on("error", () => undefined); // It may go before anybody else listens.
    this.#http2 ??= this.#openHttp2();
    const connections = await this.#http2;
    if (!socket.destroyed) connections.take(socket);
  }

  async #openHttp2(): Promise<Http2Connections> {
    const { Http2Connections: Connections } = await import("./http2-connections.ts");
    return new Connections({
      limits: this.#requestLimits,
      maxHeaderBytes: this.#options.limits.maxHeaderBytes,
      idleMs: KEEP_ALIVE_MS,
      onRequest: (request, answer) => {
        this.#handle(request, answer);
      },
    });
  }

  #renewHttp2(): void {
    void this.#http2?.then((connections) => {
      connections.renew();
      return undefined;
    });
  }

  /** A request after the signal to stop. Kubelet asks whether the pod is ready until its end. */
  #noteLate({ userAgent }: ClientRequest, answer: ClientAnswer): void {
    answer.closeAfter();
    if (userAgent?.startsWith("kube-probe/") !== true) this.#lastArrival = performance.now();
  }

  async #linger(graceEnd: number): Promise<void> {
    const { lingerMs } = this.#options.limits;
    const start = performance.now();
    const end = Math.min(graceEnd, start + LONGEST_LINGER * lingerMs);
    for (;;) {
      const quietEnd = Math.max(start, this.#lastArrival) + lingerMs;
      const rest = Math.min(quietEnd, end) - performance.now();
      if (rest <= 0) return;
      await delay(rest);
    }
  }

  /** Whether all answers are made and with the kernel before `end`. */
  async #areOut(end: number): Promise<boolean> {
    for (;;) {
      if (!this.#hasUnsent()) this.#server.closeIdleConnections(); // Nothing is asked on them.
      const rest = Math.max(0, end - performance.now());
      if (!(await endsWithin(this.#options.requests.idle(), rest))) return false;
      if (!(await this.#isSending())) return true;
      if (rest === 0) return false;
      await delay(LOOK_MS);
    }
  }

  async #isSending(): Promise<boolean> {
    const http2 = await this.#http2;
    http2?.renew();
    return this.#hasUnsent() || http2?.isOpen === true;
  }

  /** Whether a client of HTTP/1 has not read what is written for it. */
  #hasUnsent(): boolean {
    for (const { writableLength } of this.#sockets) if (writableLength > 0) return true;
    return false;
  }

  /** Resolves when the last connection has closed: what was written to it has gone out. */
  async #drained(): Promise<void> {
    if (this.#sockets.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#onDrained = () => {
      resolve(undefined);
    };
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
