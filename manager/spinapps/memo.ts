import type { Prepared } from "./plan.ts";
import type { Problem } from "./problem.ts";

/** What the server made of something that we applied. */
export interface Applied {
  /** Fingerprint of what we sent. */
  readonly sent: string;
  /** `print` of the object as it was stored. */
  readonly print: string;
}

/** What we remember of a SpinApp between passes, so that a pass with nothing to do asks for nothing. */
export interface Memo {
  prepared: Remembered | undefined;
  deployment: Applied | undefined;
  service: Applied | undefined;
  /** What the last pass failed with. */
  serverError: string | undefined;
}

interface Remembered {
  /** Fingerprint of what the preparation rests on, but for the objects that are referred to. */
  readonly input: string;
  readonly versions: ReadonlyMap<string, string | undefined>;
  /** Without the text of the configuration. */
  readonly result: Prepared | Problem;
}

function newMemo(): Memo {
  return { prepared: undefined, deployment: undefined, service: undefined, serverError: undefined };
}

export class Memos {
  readonly #memos = new Map<string, Memo>();

  of(key: string): Memo {
    const memo = this.#memos.get(key) ?? newMemo();
    this.#memos.set(key, memo);
    return memo;
  }

  forget(key: string): void {
    this.#memos.delete(key);
  }
}
