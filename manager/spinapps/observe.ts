import { spinKey, type SpinId } from "./app-id.ts";
import type { SpinAppCache } from "./cache.ts";
import type { DeploymentView } from "./deployment-view.ts";
import type { ConfigSecret } from "./plan.ts";
import type { PodTrouble } from "./pod-trouble.ts";
import { objectOf, type Reference } from "./references.ts";
import type { ServiceView } from "./service-view.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

/** What there is of a SpinApp's name, our own writes included, whoever owns it: it may be one of the other group. */
export interface Children {
  readonly deployment: DeploymentView | undefined;
  readonly service: ServiceView | undefined;
}

export function childrenOf(cache: SpinAppCache, { group, namespace, name }: SpinId, nowMs: number): Children {
  const key = `${namespace}/${name}`;
  const others = cache.groups().filter(([other]) => other !== group);
  const all = [cache.group(group), ...others.map(([, parts]) => parts)];
  return {
    deployment: first(all.map((parts) => parts.writtenDeployments.see(key, parts.deployments.store.get(key), nowMs))),
    service: first(all.map((parts) => parts.writtenServices.see(key, parts.services.store.get(key), nowMs))),
  };
}

function first<T>(all: readonly (T | undefined)[]): T | undefined {
  return all.find((one) => one !== undefined);
}

/** Secrets with a runtime configuration that we made for this SpinApp. */
export function configSecretsOf(cache: SpinAppCache, id: SpinId, { metadata }: SpinAppObject): readonly ConfigSecret[] {
  const key = spinKey(id);
  return [...cache.secrets.store.values()].flatMap(({ name, ours }) =>
    ours?.app === key && ours.owner === metadata.uid ? [{ name, uid: ours.uid }] : [],
  );
}

/** Pods of the SpinApp that do not run, in the order of their names. */
export function troublesOf(cache: SpinAppCache, { group, namespace, name }: SpinId): readonly PodTrouble[] {
  const pods = [...cache.group(group).pods.store.entries()];
  return pods
    .filter(([key, { app, reason }]) => app === name && reason !== undefined && key.startsWith(`${namespace}/`))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, trouble]) => trouble);
}

/** Objects that are referred to, as `Secret/namespace/name`. */
export function objectsOf({ namespace }: SpinId, references: readonly Reference[]): readonly string[] {
  return [...new Set(references.map(({ kind, name }) => `${kind}/${namespace}/${name}`))];
}

/** Whether all these objects are still as they were. */
export function areCurrent(
  cache: SpinAppCache,
  { namespace }: SpinId,
  references: readonly Reference[],
  versions: ReadonlyMap<string, string | undefined>,
): boolean {
  return references.every(({ kind, name }) => {
    const object = objectOf({ kind, name });
    return !versions.has(object) || cache.data(kind, namespace, name)?.version === versions.get(object);
  });
}
