import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs, type Backoff } from "@rcm/lib/backoff";
import { messageOf } from "@rcm/lib/errors";
import { isKubeError, KubeError, type Kube, type KubeObject, type Resource, type WatchEvent } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { ObjectStore, type Change, type Store } from "./store.ts";

export interface InformerOptions<T extends KubeObject, P> {
  readonly kube: Pick<Kube, "list" | "watch">;
  readonly resource: Resource<T>;
  readonly log: Log;
  /** What to keep of each object. Leave out what changes often and matters to nobody, `resourceVersion` above all. */
  readonly project: (object: T) => P;
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** `metadata`: only that comes over and goes to `project`. */
  readonly part?: "metadata" | undefined;
  /** Objects a request while listing. @default 100: a page of Nodes, 13 kB each, sets how much memory we need. */
  readonly pageSize?: number;
  /** Longest life of one watch, in seconds; each lives between half of that and all of it. @default 600 */
  readonly watchSeconds?: number;
  /** Delay after a failure. @default 0.5 s to 30 s */
  readonly backoff?: Backoff;
}

/** A key is `namespace/name`, or `name` where there are no namespaces. */
export function keyOf({ metadata }: KubeObject): string {
  const { name = "", namespace } = metadata ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
}

const DEFAULTS = { pageSize: 100, watchSeconds: 600, backoff: { baseMs: 500, maxMs: 30_000 } };
/** A watch that ends sooner than this has failed, whatever the server says. */
const SHORT_WATCH_MS = 1000;

/**
 * Keeps a copy of all objects of a kind, by list and watch. The copy may be late, never wrong for ever: what is missed
 * while the server is away is found by the version at which the watch goes on, or by a new list.
 */
export class Informer<T extends KubeObject, P> {
  readonly #options: InformerOptions<T, P> & typeof DEFAULTS;
  readonly #store = new ObjectStore<P>();
  readonly #listeners: ((change: Change<P>) => void)[] = [];
  readonly #synced = Promise.withResolvers<undefined>();
  /** Everything up to here is in the store; `undefined` when a list is needed. */
  #version: string | undefined;
  #failures = 0;

  constructor(options: InformerOptions<T, P>) {
    this.#options = { ...DEFAULTS, ...options };
  }

  get store(): Store<P> {
    return this.#store;
  }

  /** Resolves when the first list is in the store. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  /** Calls `listener` after each change of the store, in order. It must be quick and must not throw. */
  onChange(listener: (change: Change<P>) => void): void {
    this.#listeners.push(listener);
  }

  /** Works until `signal` aborts; survives everything else. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#round(signal);
  }

  async #round(signal: AbortSignal): Promise<void> {
    try {
      this.#version ??= await this.#list(signal);
      await this.#watch(this.#version, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (mustListAgain(error)) this.#version = undefined;
      await this.#rest(error, signal);
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { kube, resource, namespace, labelSelector, fieldSelector, part, pageSize, project } = this.#options;
    const options = { namespace, labelSelector, fieldSelector, part, pageSize, project: withKey(project) };
    const { items, resourceVersion } = await kube.list(resource, options, signal);
    this.#tell(this.#store.replace(items));
    this.#synced.resolve(undefined);
    this.#options.log.debug("Listed", { resource: resource.plural, objects: items.length, resourceVersion });
    return resourceVersion;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { kube, resource, namespace, labelSelector, fieldSelector, part, watchSeconds } = this.#options;
    const timeoutSeconds = Math.ceil(watchSeconds * (0.5 + Math.random() / 2));
    const options = { namespace, labelSelector, fieldSelector, part, resourceVersion, timeoutSeconds };
    const startMs = performance.now();
    try {
      for await (const event of kube.watch(resource, options, signal)) this.#take(event);
    } finally {
      if (performance.now() - startMs >= SHORT_WATCH_MS) this.#failures = 0;
    }
    if (performance.now() - startMs < SHORT_WATCH_MS) throw shortWatch(resource);
  }

  #take(event: WatchEvent<T>): void {
    this.#failures = 0;
    if (event.kind === "bookmark") {
      this.#version = event.resourceVersion;
      return;
    }
    const { object } = event;
    const key = keyOf(object);
    const isGone = event.kind === "deleted";
    const change = isGone ? this.#store.delete(key) : this.#store.set(key, this.#options.project(object));
    if (change !== undefined) this.#tell([change]);
    this.#version = object.metadata?.resourceVersion ?? this.#version;
  }

  #tell(changes: readonly Change<P>[]): void {
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }

  async #rest(reason: unknown, signal: AbortSignal): Promise<void> {
    const { log, resource, backoff } = this.#options;
    this.#failures += 1;
    const delayMs = backoffMs(backoff, this.#failures, Math.random());
    const askedMs = reason instanceof KubeError ? (reason.retryAfterMs ?? 0) : 0;
    const retryInMs = Math.max(delayMs, Math.min(askedMs, backoff.maxMs));
    // A restart of the server is nothing to worry about; more than that is.
    const level = this.#failures < 3 ? "debug" : "warn";
    log[level]("Watch failed", { resource: resource.plural, retryInMs, problem: messageOf(reason) });
    await sleep(retryInMs, undefined, { signal }).catch(() => undefined); // Aborted: the caller looks.
  }
}

function withKey<T extends KubeObject, P>(project: (object: T) => P): (object: T) => readonly [string, P] {
  return (object) => [keyOf(object), project(object)];
}

/**
 * Going on at the same version is right only when the server said nothing against it. 504 is "too large resource
 * version": the server has lost what we have seen (etcd was restored).
 */
export function mustListAgain(error: unknown): boolean {
  if (isKubeError(error, "Unavailable", "TooManyRequests")) return false;
  return !(isKubeError(error, "Timeout") && error.status === undefined);
}

function shortWatch({ plural }: Pick<Resource, "plural">): KubeError {
  return new KubeError("Unavailable", `Cannot watch ${plural}: the server ended the watch at once`);
}
