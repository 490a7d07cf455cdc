import { KubeError } from "./kube-error.ts";
import type { ObjectRef, Resource } from "./kube.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of one object: `/api/v1/nodes/a`, `/apis/batch/v1/namespaces/n/jobs/j/status`. */
export function objectPath(resource: Resource, { name, namespace }: ObjectRef, subresource?: string): string {
  if (name === "") throw invalid(resource, "the name is empty");
  const tail = subresource === undefined ? "" : `/${subresource}`;
  return `${collectionPath(resource, namespace, resource.namespaced)}/${encodeURIComponent(name)}${tail}`;
}

/** Path of all objects of a kind, in one namespace or, where `namespace` is absent and may be, in all. */
export function collectionPath(resource: Resource, namespace: string | undefined, needsNamespace = false): string {
  const { group, version, plural, namespaced } = resource;
  if (!namespaced && namespace !== undefined) throw invalid(resource, `it has no namespaces, but got "${namespace}"`);
  if (needsNamespace && namespace === undefined) throw invalid(resource, "the namespace is missing");
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${plural}`;
}

/** With the question mark; absent values are left out. */
export function queryString(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
}

/** `group/version` as objects say it. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

function invalid({ plural }: Resource, what: string): KubeError {
  return new KubeError("Invalid", `Cannot address ${plural}: ${what}`);
}
