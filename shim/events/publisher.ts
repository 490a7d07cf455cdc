import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, backoffMs } from "@rcm/lib/backoff";
import type { Any } from "../proto/any.ts";
import { EVENTS_SERVICE, ForwardRequest } from "../proto/events.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import { TtrpcClient } from "../ttrpc/client.ts";
import { type StatusName, TtrpcError } from "../ttrpc/status.ts";
import { EventQueue, type QueuedEvent } from "./event-queue.ts";

export interface PublisherOptions {
  /** containerd's TTRPC_ADDRESS: the path of a socket, with or without "unix://". */
  readonly address: string;
  readonly namespace: string;
  /** Gets told of the first failure in a row and of each event that was given up. Must not throw. */
  readonly onProblem?: (message: string, reason: unknown) => void;
}

const CONNECT_TIMEOUT_MS = 5000;
const FORWARD_TIMEOUT_MS = 5000;

/** containerd comes back within seconds, and then waits for what happened meanwhile. */
const BACKOFF: Backoff = { baseMs: 50, maxMs: 2000 };

const MAX_QUEUED = 2048;

/** An event that containerd refuses so often is given up, so that those behind it arrive. */
const MAX_REFUSALS = 5;

/** containerd's word on the event itself. Any other failure passes, so that trying again makes sense. */
const REFUSALS: ReadonlySet<StatusName> = new Set([
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "UNAUTHENTICATED",
]);

/**
 * Tells containerd what happened, one event after the other in the order of `publish`, for as long as it takes: each
 * event is sent until containerd has answered, so that it may get one twice. What cannot be sent waits in memory.
 */
export class EventPublisher {
  readonly #options: PublisherOptions;
  readonly #path: string;
  readonly #queue = new EventQueue(MAX_QUEUED);
  readonly #abort = new AbortController();
  readonly #flushed = new Set<() => void>();
  #client: TtrpcClient | undefined;
  #isSending = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#path = options.address.replace(/^unix:\/\//, "");
  }

  /** Takes the event and returns at once. Never throws: what is not an exit is given up if too many wait already. */
  publish(topic: string, event: Any, at: Date): void {
    if (this.#abort.signal.aborted) return;
    if (!this.#queue.add({ topic, event, at })) {
      this.#report(`Cannot publish "${topic}": ${String(this.#queue.size)} events wait already`, undefined);
      return;
    }
    if (this.#isSending) return;
    this.#isSending = true;
    // Not before the answer that is about to be sent: containerd waits for that one.
    setImmediate(() => {
      void this.#sendAll();
    });
  }

  /** Waits until all events were sent, but not longer than `timeoutMs`. Gives the number that still wait. */
  async flush(timeoutMs: number): Promise<number> {
    if (this.#queue.size === 0 || this.#abort.signal.aborted) return this.#queue.size;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#flushed.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#flushed.add(done);
    });
    return this.#queue.size;
  }

  /** What waits is not sent any more. */
  close(): void {
    this.#abort.abort();
    this.#client?.close();
    this.#endFlushes();
  }

  async #sendAll(): Promise<void> {
    for (let event = this.#queue.first; event !== undefined; event = this.#queue.first) {
      if (!(await this.#sendUntilTaken(event))) break;
      this.#queue.removeFirst();
    }
    this.#isSending = false;
    this.#endFlushes();
  }

  /** @returns false if the publisher was closed before containerd had the event. */
  async #sendUntilTaken(event: QueuedEvent): Promise<boolean> {
    const { signal } = this.#abort;
    let refusals = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#send(event);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (isRefusal(error)) refusals += 1;
        else this.#client?.close(); // It may hang: the next attempt gets a new connection.
        if (refusals >= MAX_REFUSALS) {
          this.#report(`Cannot publish "${event.topic}": containerd refuses it`, error);
          return true;
        }
        if (attempt === 1) this.#report(`Cannot publish "${event.topic}" yet: it will be tried again`, error);
        await delay(backoffMs(BACKOFF, attempt, Math.random()), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #send({ topic, event, at }: QueuedEvent): Promise<void> {
    const { namespace } = this.#options;
    const envelope = { timestamp: timestampFromDate(at), namespace, topic, event };
    const payload = ForwardRequest.encode({ envelope });
    const client = await this.#connect();
    const metadata = { "containerd-namespace-ttrpc": namespace };
    await client.call(
      { service: EVENTS_SERVICE, method: "Forward", payload, metadata, timeoutMs: FORWARD_TIMEOUT_MS },
      this.#abort.signal,
    );
  }

  async #connect(): Promise<TtrpcClient> {
    if (this.#client?.isClosed === false) return this.#client;
    this.#client = await TtrpcClient.connect(this.#path, CONNECT_TIMEOUT_MS, this.#abort.signal);
    return this.#client;
  }

  #report(message: string, reason: unknown): void {
    this.#options.onProblem?.(message, reason);
  }

  #endFlushes(): void {
    for (const done of this.#flushed) done();
  }
}

/** Also for an event that cannot even be encoded. */
function isRefusal(error: unknown): boolean {
  return error instanceof TtrpcError ? REFUSALS.has(error.code) : true;
}
