import { messageOf } from "@rcm/lib/errors";
import { HostError } from "./errors.ts";
import { type Result, errOf, okOf } from "./results.ts";
import type { HostState } from "./state.ts";

/**
 * Lets the guest wait for `work`. What fails there is an error of the interface, made by `errorOf`; but a guest that is to
 * end does so.
 */
export async function answer<Value, Fault>(
  state: HostState,
  work: (signal: AbortSignal) => Promise<Value>,
  errorOf: (error: unknown) => Fault,
): Promise<Result<Value, Fault>> {
  try {
    return okOf(await state.waitFor(work(state.signal)));
  } catch (error) {
    state.checkEnd();
    if (error instanceof HostError) throw error;
    return errOf(errorOf(error));
  }
}

/** A case of a variant that carries a message: `other(string)`, `io(string)`. */
export interface MessageFault<Tag extends string> {
  readonly tag: Tag;
  readonly val: string;
}

export function otherFault(error: unknown): MessageFault<"other"> {
  return { tag: "other", val: messageOf(error) };
}

export function ioFault(error: unknown): MessageFault<"io"> {
  return { tag: "io", val: messageOf(error) };
}
