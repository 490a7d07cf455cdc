import { isDeepStrictEqual } from "node:util";

/** What an informer knows; read it, do not change what it holds. */
export interface Store<P> {
  readonly size: number;
  get(key: string): P | undefined;
  keys(): IterableIterator<string>;
  values(): IterableIterator<P>;
  entries(): IterableIterator<[string, P]>;
}

/** What became of one object. `before` is absent for a new one, `after` for one that is gone. */
export interface Change<P> {
  readonly key: string;
  readonly before?: P | undefined;
  readonly after?: P | undefined;
}

/** The last known projection of each object; tells which of the news is a change. */
export class ObjectStore<P> implements Store<P> {
  readonly #objects = new Map<string, P>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): P | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<P> {
    return this.#objects.values();
  }

  entries(): IterableIterator<[string, P]> {
    return this.#objects.entries();
  }

  /** `undefined` when the projection is the same as before: the heartbeat of a Node, say. */
  set(key: string, after: P): Change<P> | undefined {
    const before = this.#objects.get(key);
    if (before !== undefined && isDeepStrictEqual(before, after)) return undefined;
    this.#objects.set(key, after);
    return { key, before, after };
  }

  delete(key: string): Change<P> | undefined {
    const before = this.#objects.get(key);
    return this.#objects.delete(key) ? { key, before } : undefined;
  }

  /** Takes over a whole list: what it does not have is gone. */
  replace(items: readonly (readonly [key: string, object: P])[]): readonly Change<P>[] {
    const listed = new Set(items.map(([key]) => key));
    const gone = [...this.#objects.keys()].filter((key) => !listed.has(key)).map((key) => this.delete(key));
    const set = items.map(([key, object]) => this.set(key, object));
    return [...gone, ...set].filter((change) => change !== undefined);
  }
}
