import type { Kube } from "@rcm/lib/kube";
import type { Occurrence } from "../runtime/event.ts";
import type { SpinAppCache } from "./cache.ts";
import type { Certificates } from "./certificates.ts";
import type { Memos } from "./memo.ts";
import type { ReferenceIndex } from "./reference-index.ts";

/** What reconciling SpinApps takes. */
export interface Operator {
  readonly kube: Kube;
  readonly cache: SpinAppCache;
  readonly index: ReferenceIndex;
  readonly memos: Memos;
  readonly certificates: Certificates;
  readonly events: { record(occurrence: Occurrence): void };
}
