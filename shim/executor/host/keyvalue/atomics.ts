import type { HostInterface } from "../../component/host-interface.ts";
import { answer, otherFault } from "../answer.ts";
import { type Result, errOf } from "../results.ts";
import type { KeyValueStore } from "../spin-services.ts";
import { OpenHandles } from "../spin/open-handles.ts";
import type { OpenStore } from "../spin/open-store.ts";
import { checkKey, checkValue } from "../spin/store-limits.ts";
import type { HostState } from "../state.ts";
import { VERSION } from "./store.ts";

/** A key and the value that it had: the guest changes it only if nobody else did. */
class CompareAndSwap {
  readonly store: KeyValueStore;
  readonly key: string;
  /** What the guest has seen. `undefined`: that there is none. */
  current: Uint8Array | undefined;

  constructor(store: KeyValueStore, key: string, current: Uint8Array | undefined) {
    this.store = store;
    this.key = key;
    this.current = current;
  }
}

export const atomics: HostInterface<HostState> = {
  name: "wasi:keyvalue/atomics",
  version: VERSION,
  functions: {
    increment: { call: increment, blocking: true },
    "[static]cas.new": { call: createCas, blocking: true },
    "[method]cas.current": { call: readCurrent, blocking: true },
    swap: { call: swap, blocking: true },
  },
  resources: {
    cas: {
      drop(_rep, state) {
        state.keep(OpenHandles).giveBack("store");
      },
    },
  },
};

async function increment(
  state: HostState,
  ...[{ store }, key, delta]: readonly [OpenStore, string, bigint]
): Promise<Result<unknown, unknown>> {
  return answer(
    state,
    async (signal) => {
      checkKey(key);
      return store.increment(key, delta, signal);
    },
    otherFault,
  );
}

async function createCas(state: HostState, { store }: OpenStore, key: string): Promise<Result<unknown, unknown>> {
  return answer(
    state,
    async (signal) => {
      checkKey(key);
      const current = await store.get(key, signal);
      return hold(state, new CompareAndSwap(store, key, current));
    },
    otherFault,
  );
}

/** Reads the value anew: a swap succeeds if it is still this one. */
async function readCurrent(state: HostState, self: CompareAndSwap): Promise<Result<unknown, unknown>> {
  return answer(
    state,
    async (signal) => {
      self.current = await self.store.get(self.key, signal);
      return self.current;
    },
    otherFault,
  );
}

/** The guest has given its handle away: it gets a new one if the value is another by now. */
async function swap(state: HostState, cas: CompareAndSwap, value: Uint8Array): Promise<Result<unknown, unknown>> {
  const kept = value.slice();
  const { store, key, current } = cas;
  const swapped = await answer(
    state,
    async (signal) => {
      checkValue(key, kept);
      if (await store.compareAndSwap({ key, expected: current, value: kept }, signal)) return undefined;
      return hold(state, new CompareAndSwap(store, key, await store.get(key, signal)));
    },
    (error) => ({ tag: "store-error", val: otherFault(error) }),
  );
  if (swapped.tag === "err" || swapped.val === undefined) return swapped;
  return errOf({ tag: "cas-failed", val: swapped.val });
}

function hold(state: HostState, cas: CompareAndSwap): CompareAndSwap {
  if (state.keep(OpenHandles).take("store")) return cas;
  throw new Error("too many stores opened");
}
