import type { OutgoingCall } from "../host/http/outgoing-service.ts";
import { refuseCall } from "../host/http/refuse-call.ts";

/** As long as a connection may take that a guest says nothing about. */
const DEFAULT_WAIT_MS = 600_000;

type Send = (call: OutgoingCall) => void;

/**
 * Lets so many requests be under way at a time, whoever sends them and wherever they go. The others wait in the order in
 * which they came, within the time that they have for a connection.
 */
export class RequestGate {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor(max: number) {
    this.#max = max;
  }

  send(call: OutgoingCall, send: Send): void {
    if (this.#underWay < this.#max) this.#begin(call, send);
    else this.#queue(call, send);
  }

  #begin(call: OutgoingCall, send: Send): void {
    this.#underWay += 1;
    send({
      ...call,
      onEnd: (error) => {
        this.#underWay -= 1;
        const [next] = this.#waiting;
        next?.();
        call.onEnd(error);
      },
    });
  }

  #queue(call: OutgoingCall, send: Send): void {
    const waitMs = call.connectTimeoutMs ?? DEFAULT_WAIT_MS;
    const since = performance.now();
    const leave = (): void => {
      this.#waiting.delete(begin);
      clearTimeout(timer);
      call.signal.removeEventListener("abort", onAbort);
    };
    const begin = (): void => {
      leave();
      const leftMs = Math.max(1, Math.ceil(waitMs - (performance.now() - since)));
      this.#begin({ ...call, connectTimeoutMs: leftMs }, send);
    };
    function onAbort(): void {
      leave();
      send(call); // It ends at once, for it has been given up.
    }
    const timer = setTimeout(() => {
      leave();
      refuseCall(call, { tag: "connection-timeout" });
    }, waitMs);
    call.signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(begin);
  }
}
