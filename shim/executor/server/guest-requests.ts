import type { IncomingMessage, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import { messageOf } from "@rcm/lib/errors";
import { ComponentExit, HostError } from "../host/errors.ts";
import { IncomingRequest } from "../host/http/messages.ts";
import { ResponseOutparam } from "../host/http/response-outparam.ts";
import type { HostServices } from "../host/services.ts";
import { HostState } from "../host/state.ts";
import { Answer } from "./answer.ts";
import type { Guest, InstancePool } from "./instance-pool.ts";
import type { ServerLimits } from "./limits.ts";
import { NodeRequest, type RequestLimits } from "./node-request.ts";
import type { PodLog } from "./pod-log.ts";
import { Turnstile } from "./turnstile.ts";

export interface GuestRequestsOptions {
  readonly pool: InstancePool;
  readonly services: HostServices;
  readonly limits: ServerLimits;
  readonly log: PodLog;
  /** Called when there has been no request for some time. */
  readonly onQuiet: () => void;
}

const QUIET_MS = 1000;

/** One request at its guest. */
interface Visit {
  readonly state: HostState;
  readonly answer: Answer;
  readonly request: IncomingMessage;
}

/** Leads each request to a guest of its own and sees to it that it is answered. */
export class GuestRequests {
  readonly #options: GuestRequestsOptions;
  readonly #turnstile: Turnstile;
  readonly #requestLimits: RequestLimits;
  readonly #running = new Set<Visit>();
  readonly #quiet: NodeJS.Timeout;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: GuestRequestsOptions) {
    const { limits, services } = options;
    this.#options = options;
    this.#quiet = setTimeout(options.onQuiet, QUIET_MS).unref();
    this.#turnstile = new Turnstile({
      maxInside: limits.maxConcurrent,
      maxWaiting: limits.maxQueued,
      waitMs: limits.queueMs,
    });
    this.#requestLimits = {
      maxRequestBodyBytes: limits.maxRequestBodyBytes,
      maxFieldBytes: services.maxFieldBytes,
    };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const answer = new Answer(response);
    const { maxRequestBodyBytes } = this.#requestLimits;
    if (maxRequestBodyBytes < Number.POSITIVE_INFINITY && declaredBytes(request) > maxRequestBodyBytes) {
      response.shouldKeepAlive = false; // Its body is not going to be read.
      answer.refuse(413, "The request's body is too large");
      return;
    }
    this.#turnstile.ask(
      () => {
        this.#visit(request, answer);
      },
      () => {
        answer.refuse(503, "Too many requests at the same time");
      },
    );
  }

  #visit(request: IncomingMessage, answer: Answer): void {
    const { pool, services, limits } = this.#options;
    const visit: Visit = {
      state: new HostState(services, { deadlineMs: performance.now() + limits.requestMs, computeMs: limits.computeMs }),
      answer,
      request,
    };
    this.#running.add(visit);
    let guest: Guest | undefined = undefined;
    try {
      guest = pool.take(visit.state);
      const incoming = new IncomingRequest(new NodeRequest(request, this.#requestLimits), services.maxFieldBytes);
      const result = guest.entry.call(incoming, new ResponseOutparam(answer));
      if (result instanceof Promise) this.#later(visit, guest, result);
      else this.#end(visit, guest);
    } catch (error) {
      this.#fault(visit, guest, error);
    }
  }

  #later(visit: Visit, guest: Guest, result: Promise<unknown>): void {
    result
      .then(() => {
        this.#end(visit, guest);
        return undefined;
      })
      .catch((error: unknown) => {
        this.#fault(visit, guest, error);
      });
  }

  /** The guest returned. */
  #end(visit: Visit, guest: Guest): void {
    this.#options.pool.giveBack(guest); // Drops what it left open: an unfinished body cuts the connection.
    const { answer } = visit;
    if (answer.errorCode !== undefined) {
      this.#report(visit, 500, `The guest answered with the error ${answer.errorCode.tag}`);
    } else if (!answer.isSet) {
      this.#report(visit, 500, "The guest returned without an answer");
    } else if (answer.isBroken()) {
      this.#report(visit, 500, "The guest returned before the end of its answer");
    }
    this.#leave(visit);
  }

  /** The guest trapped, was ended, or could not be made. */
  #fault(visit: Visit, guest: Guest | undefined, error: unknown): void {
    guest?.instance.dispose();
    if (error instanceof ComponentExit && error.exitCode === 0 && visit.answer.isWhole()) {
      this.#leave(visit);
      return;
    }
    this.#report(visit, statusOf(error), messageOf(error));
    this.#leave(visit);
  }

  #report({ answer, request }: Visit, status: number, reason: string): void {
    answer.refuse(status, TEXTS[status] ?? "Internal Server Error");
    this.#options.log.error("Request failed", { method: request.method, path: request.url, status, reason });
  }

  #leave(visit: Visit): void {
    visit.state.dispose();
    this.#running.delete(visit);
    this.#turnstile.leave();
    if (this.#running.size > 0) return;
    this.#quiet.refresh();
    for (const listener of this.#onIdle.splice(0)) listener();
  }

  /** Resolves when no guest is at work. */
  async idle(): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#onIdle.push(() => {
      resolve(undefined);
    });
    await promise;
  }

  /** Has the connections of running requests closed with their answers, unless these have begun. */
  closeAfterAnswers(): void {
    for (const { answer } of this.#running) answer.closeAfter();
  }

  /** Ends the guests that are still at work. */
  endAll(reason: Error): void {
    for (const { state } of this.#running) state.end(reason);
  }
}

const TEXTS: Readonly<Record<number, string>> = {
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function statusOf(error: unknown): number {
  if (!(error instanceof HostError)) return 500;
  if (error.code === "TIME_LIMIT") return 504;
  return error.code === "STOPPED" ? 503 : 500;
}

function declaredBytes(request: IncomingMessage): number {
  return Number(request.headers["content-length"] ?? 0);
}
