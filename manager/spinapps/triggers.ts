import { isDeepStrictEqual } from "node:util";
import type { Informer } from "../runtime/informer.ts";
import type { Change } from "../runtime/store.ts";
import { spinKey, type SpinGroup } from "./app-id.ts";
import type { GroupCache, SpinAppCache } from "./cache.ts";
import type { ChildJson } from "./child-view.ts";
import type { DataView } from "./data-view.ts";
import type { ReferenceIndex } from "./reference-index.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

/** Calls `add` with the key of each SpinApp that a change may concern. */
export function addTriggers(cache: SpinAppCache, index: ReferenceIndex, add: (key: string) => void): void {
  /** Whatever has a SpinApp's name concerns those of both groups. */
  function addNamed({ key }: { readonly key: string }): void {
    for (const [group, { apps }] of cache.groups()) if (apps.store.get(key) !== undefined) add(`${group}/${key}`);
  }
  for (const [group, parts] of cache.groups()) {
    addGroupTriggers(group, parts, add);
    parts.deployments.onChange(addNamed);
    parts.services.onChange(addNamed);
  }
  for (const [, { executors }] of cache.groups()) {
    executors.onChange(({ key, before, after }) => {
      if (before !== undefined && after !== undefined && isDeepStrictEqual(before.spec, after.spec)) return;
      addNamespace(cache, key.slice(0, key.indexOf("/")), add);
    });
  }
  addDataTriggers(cache.secrets, "Secret", index, add);
  addDataTriggers(cache.configMaps, "ConfigMap", index, add);
}

function addGroupTriggers(group: SpinGroup, parts: GroupCache, add: (key: string) => void): void {
  parts.apps.onChange((change) => {
    if (!isOnlyStatus(change)) add(`${group}/${change.key}`);
  });
  parts.pods.onChange(({ key, before, after }) => {
    const namespace = key.slice(0, key.indexOf("/"));
    const isNews = before?.reason !== after?.reason || before?.message !== after?.message;
    if (isNews) add(spinKey({ group, namespace, name: (after ?? before)?.app ?? "" }));
  });
}

function addNamespace(cache: SpinAppCache, namespace: string, add: (key: string) => void): void {
  for (const [group, { apps }] of cache.groups()) {
    for (const key of apps.store.keys()) if (key.startsWith(`${namespace}/`)) add(`${group}/${key}`);
  }
}

function addDataTriggers(
  informer: Informer<ChildJson, DataView>,
  kind: "Secret" | "ConfigMap",
  index: ReferenceIndex,
  add: (key: string) => void,
): void {
  informer.onChange(({ key, before, after }) => {
    for (const app of index.appsOf(`${kind}/${key}`)) add(app);
    const owner = after === undefined ? before?.ours?.app : undefined; // One of ours is gone.
    if (owner !== undefined) add(owner);
  });
}

/** Our own doing. */
function isOnlyStatus({ before, after }: Change<SpinAppObject>): boolean {
  if (before === undefined || after === undefined) return false;
  return isDeepStrictEqual(before.spec, after.spec) && isDeepStrictEqual(before.metadata, after.metadata);
}
