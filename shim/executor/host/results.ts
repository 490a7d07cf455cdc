/** WIT's `result`, as the component core passes it. */
export type Result<T, E> = { readonly tag: "ok"; readonly val?: T } | { readonly tag: "err"; readonly val?: E };

/** `ok` of a result that carries nothing. One object for all: nobody writes to it. */
export const OK: { readonly tag: "ok" } = { tag: "ok" };

/** `err` of a result that carries nothing. */
export const FAILED: { readonly tag: "err" } = { tag: "err" };

export function okOf<T>(val: T): { readonly tag: "ok"; readonly val: T } {
  return { tag: "ok", val };
}

export function errOf<E>(val: E): { readonly tag: "err"; readonly val: E } {
  return { tag: "err", val };
}

/** Whether a guest returned `ok`. */
export function isOk(result: unknown): boolean {
  return typeof result === "object" && result !== null && "tag" in result && result.tag === "ok";
}
