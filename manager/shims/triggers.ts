import type { Change } from "../runtime/store.ts";
import type { ShimCache } from "./cache.ts";
import type { JobView, PodView } from "./job-view.ts";
import { isSame } from "./same.ts";
import type { ShimObject } from "./shim-object.ts";

/** Calls `add` with the name of each Shim that a change may concern. A change costs the same however many nodes there are. */
export function addTriggers(cache: ShimCache, namespace: string, add: (shim: string) => void): void {
  function addAll(): void {
    for (const name of cache.shims.store.keys()) add(name);
  }
  cache.shims.onChange((change) => {
    if (isOnlyStatus(change)) return;
    add(change.key);
    addAll(); // Selectors and handlers of one Shim concern the others.
  });
  cache.nodes.onChange(addAll);
  cache.runtimeClasses.onChange(addAll);
  cache.jobs.onChange((change) => {
    const { before, after } = change;
    if (isOver(change)) addAll(); // Its node and its place are free.
    else add((after ?? before)?.shim ?? "");
  });
  cache.pods.onChange(({ before, after }: Change<PodView>) => {
    const job = cache.jobs.store.get(`${namespace}/${(after ?? before)?.jobName ?? ""}`);
    if (job === undefined) addAll();
    else add(job.shim);
  });
}

function isOver({ before, after }: Change<JobView>): boolean {
  return after === undefined || (before?.phase === "active" && after.phase !== "active");
}

/** Mostly our own doing; were it somebody else's, the next pass would set it right. */
function isOnlyStatus({ before, after }: Change<ShimObject>): boolean {
  return before !== undefined && after !== undefined && isSame(essence(before), essence(after));
}

function essence({ spec, metadata }: ShimObject): object {
  const { resourceVersion: _, ...rest } = metadata;
  return { spec, rest };
}
