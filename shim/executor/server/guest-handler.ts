import { messageOf } from "@rcm/lib/errors";
import { ComponentExit, HostError } from "../host/errors.ts";
import type { HttpErrorCode } from "../host/http/error-code.ts";
import type { RequestHead } from "../host/http/messages.ts";
import { textOfMethod } from "../host/http/method.ts";
import { HostState } from "../host/state.ts";
import type { Answer } from "./answer.ts";
import type { GuestEntry } from "./guest-entry.ts";
import type { Guest, InstancePool } from "./instance-pool.ts";
import type { ServerLimits } from "./limits.ts";
import type { PodLog } from "./pod-log.ts";
import type { Visit, Visits } from "./visits.ts";

export interface GuestHandlerOptions<Head extends RequestHead> {
  readonly pool: InstancePool;
  readonly entry: GuestEntry<Head>;
  readonly limits: ServerLimits;
  readonly log: PodLog;
  readonly visits: Visits;
  /** Fields of what is logged about a request. */
  readonly logFields?: Readonly<Record<string, string>>;
}

/** Where a request comes from. */
export interface RequestSource {
  readonly origin: Visit["origin"];
  /** How many guests' requests led to this one. */
  readonly depth: number;
}

/** Characters of a guest's own words about its error. */
const MAX_REASON = 1000;

const CLIENT: RequestSource = { origin: "client", depth: 0 };

/** Gives each request a guest of its own, all of one component, and sees to it that it is answered. */
export class GuestHandler<Head extends RequestHead = RequestHead> {
  readonly #options: GuestHandlerOptions<Head>;

  constructor(options: GuestHandlerOptions<Head>) {
    this.#options = options;
  }

  /** Starts a guest. If it is a client who asks, it must be its turn. */
  start(head: Head, answer: Answer, { origin, depth }: RequestSource = CLIENT): Visit {
    const { pool, entry, limits, visits } = this.#options;
    const admission = entry.admit(head);
    const times = { deadlineMs: performance.now() + limits.requestMs, computeMs: limits.computeMs };
    const visit: Visit = { head, answer, state: new HostState(admission.services, times, depth), origin };
    visits.begin(visit);
    let guest: Guest | undefined = undefined;
    try {
      guest = pool.take(visit.state);
      const result = admission.enter(guest.entry, visit);
      if (result instanceof Promise) {
        this.#later(visit, guest, result);
        return visit;
      }
      this.#end(visit, guest);
    } catch (error) {
      this.#fault(visit, guest, error);
    }
    this.#leave(visit);
    return visit;
  }

  #later(visit: Visit, guest: Guest, result: Promise<unknown>): void {
    void result.then(
      () => {
        this.#endOrFault(visit, guest);
        return undefined;
      },
      (error: unknown) => {
        this.#fault(visit, guest, error);
        this.#leave(visit);
      },
    );
  }

  #endOrFault(visit: Visit, guest: Guest): void {
    try {
      this.#end(visit, guest);
    } catch (error) {
      this.#fault(visit, guest, error);
    }
    this.#leave(visit);
  }

  /** The guest returned. */
  #end(visit: Visit, guest: Guest): void {
    this.#options.pool.giveBack(guest); // Drops what it left open: an unfinished body cuts the connection.
    const { answer } = visit;
    if (answer.errorCode !== undefined) {
      this.#report(visit, 500, `The guest answered with the error ${textOf(answer.errorCode)}`);
    } else if (!answer.isSet) {
      this.#report(visit, 500, "The guest returned without an answer");
    } else if (answer.isBroken()) {
      this.#report(visit, 500, "The guest returned before the end of its answer");
    }
  }

  /** The guest trapped, was ended, or could not be made. */
  #fault(visit: Visit, guest: Guest | undefined, error: unknown): void {
    guest?.instance.dispose();
    if (error instanceof ComponentExit && error.exitCode === 0 && visit.answer.isWhole()) return;
    this.#report(visit, statusOf(error), messageOf(error));
  }

  #report({ answer, head }: Visit, status: number, reason: string): void {
    const { log, logFields } = this.#options;
    answer.refuse(status, TEXTS[status] ?? "Internal Server Error");
    const method = textOfMethod(head.method);
    log.error("Request failed", { ...logFields, method, path: head.pathWithQuery, status, reason });
  }

  /** Once for each visit: whoever is let in for it may fail in here, too. */
  #leave(visit: Visit): void {
    visit.state.dispose();
    this.#options.visits.end(visit);
  }
}

const TEXTS: Readonly<Record<number, string>> = {
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function textOf(code: HttpErrorCode): string {
  return code.tag === "internal-error" && code.val !== undefined
    ? `${code.tag}: ${code.val.slice(0, MAX_REASON)}`
    : code.tag;
}

function statusOf(error: unknown): number {
  if (!(error instanceof HostError)) return 500;
  if (error.code === "TIME_LIMIT") return 504;
  return error.code === "STOPPED" ? 503 : 500;
}
