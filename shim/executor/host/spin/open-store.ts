import { answer } from "../answer.ts";
import { type Result, errOf, okOf } from "../results.ts";
import type { KeyValueStore } from "../spin-services.ts";
import type { HostState } from "../state.ts";
import { OpenHandles } from "./open-handles.ts";
import { checkKey, checkResult, checkValue } from "./store-limits.ts";

/** A guest's handle of a key-value store: `store`, `bucket`. */
export class OpenStore {
  readonly store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.store = store;
  }
}

/** Why a store cannot be opened. */
export interface OpenFault {
  readonly tag: "access-denied" | "store-table-full";
}

const DENIED: OpenFault = { tag: "access-denied" };
const TOO_MANY: OpenFault = { tag: "store-table-full" };

export function openStore(state: HostState, label: string): Result<OpenStore, OpenFault> {
  const store = state.services.spin?.keyValueStore(label);
  if (store === undefined) return errOf(DENIED);
  if (!state.keep(OpenHandles).take("store")) return errOf(TOO_MANY);
  return okOf(new OpenStore(store));
}

export function closeStore(_open: object, state: HostState): void {
  state.keep(OpenHandles).giveBack("store");
}

/** What a guest may do with a store, with the errors of one interface. */
export class StoreCalls<Fault> {
  readonly #errorOf: (error: unknown) => Fault;

  constructor(errorOf: (error: unknown) => Fault) {
    this.#errorOf = errorOf;
  }

  async get(state: HostState, { store }: OpenStore, key: string): Promise<Result<Uint8Array | undefined, Fault>> {
    return this.#on(state, key, async (signal) => store.get(key, signal));
  }

  /** @param value - a view of the guest's memory, which holds only until this function waits. */
  async set(
    state: HostState,
    ...[{ store }, key, value]: readonly [OpenStore, string, Uint8Array]
  ): Promise<Result<void, Fault>> {
    const kept = value.slice();
    return this.#on(state, key, async (signal) => {
      checkValue(key, kept);
      return store.set(key, kept, signal);
    });
  }

  async delete(state: HostState, { store }: OpenStore, key: string): Promise<Result<void, Fault>> {
    return this.#on(state, key, async (signal) => store.delete(key, signal));
  }

  async exists(state: HostState, { store }: OpenStore, key: string): Promise<Result<boolean, Fault>> {
    return this.#on(state, key, async (signal) => store.exists(key, signal));
  }

  async keys(state: HostState, { store }: OpenStore): Promise<Result<readonly string[], Fault>> {
    return answer(
      state,
      async (signal) => {
        const keys = await store.keys(signal);
        checkResult(keys.reduce((bytes, key) => bytes + key.length, 0));
        return keys;
      },
      this.#errorOf,
    );
  }

  async #on<Value>(
    state: HostState,
    key: string,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Result<Value, Fault>> {
    return answer(
      state,
      async (signal) => {
        checkKey(key);
        return work(signal);
      },
      this.#errorOf,
    );
  }
}
