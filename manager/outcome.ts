/** What happens to the object next. A thrown error means: retry with backoff. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "wait"; readonly afterMs: number; readonly reason: string } // Not an error.
  | { readonly kind: "stalled"; readonly reason: string; readonly message: string }; // Until the spec changes.
