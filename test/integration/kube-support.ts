import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const CONFIG_MAPS: Resource<ConfigMap> = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};

export function configMap(name: string, value: string): ConfigMap & { readonly metadata: { readonly name: string } } {
  return { metadata: { name, namespace: "default" }, data: { value } };
}

function drop(): void {
  // Tests look at what happens, not at what is said about it.
}

export const SILENT: Log = { debug: drop, info: drop, warn: drop, error: drop };

/** Longer than any test that waits; a test that has failed does not wait on, or its process would never end. */
const UNTIL_MS = 120_000;

/** Calls `look` until it is true. Tests have mocha's deadline. */
export async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + UNTIL_MS;
  while (!(await look())) {
    if (performance.now() > endMs) throw new Error(`Waited ${UNTIL_MS / 1000} s in vain for ${String(look)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a promise was rejected with; `undefined` when it was not. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

/** Reads a stream to its end. */
export async function drain<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
