import { type Result, errOf, okOf } from "../results.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import { type HttpErrorCode, httpErrorCode } from "./error-code.ts";
import type { IncomingResponse } from "./messages.ts";

/** `wasi:http/types.future-incoming-response` */
export class FutureIncomingResponse implements Waitable {
  readonly #wakers = new Wakers();
  readonly #abort: (reason: Error) => void;
  #result: Result<IncomingResponse, HttpErrorCode> | undefined = undefined;
  #isTaken = false;

  /** @param abort - gives up the request. */
  constructor(abort: (reason: Error) => void) {
    this.#abort = abort;
  }

  /** The response has begun. */
  resolve(response: IncomingResponse): void {
    this.#result ??= okOf(response);
    this.#wakers.wakeAll();
  }

  reject(error: unknown): void {
    this.#result ??= errOf(httpErrorCode(error));
    this.#wakers.wakeAll();
  }

  take(): Result<IncomingResponse, HttpErrorCode> | "taken" | undefined {
    if (this.#isTaken) return "taken";
    if (this.#result === undefined) return undefined;
    this.#isTaken = true;
    return this.#result;
  }

  isReady(): boolean {
    return this.#result !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  /** The guest no longer wants the response, unless it has it already. */
  drop(): void {
    if (this.#isTaken) return;
    this.#abort(new Error("The guest gave the request up"));
    if (this.#result?.tag === "ok") this.#result.val?.drop();
  }
}
