import type { HostFunction, HostInterface } from "../../../component/host-interface.ts";
import { ioFault } from "../../answer.ts";
import { type Result, errOf, okOf } from "../../results.ts";
import type { HostState } from "../../state.ts";
import { type OpenStore, StoreCalls, closeStore, openStore } from "../open-store.ts";
import { Numbered } from "./numbered.ts";

type Answer = Result<unknown, object>;

class Stores extends Numbered<OpenStore> {}

const calls = new StoreCalls(ioFault);
const INVALID_STORE: Answer = errOf({ tag: "invalid-store" });
const NO_SUCH_KEY: Answer = errOf({ tag: "no-such-key" });

/** Of the SDKs for Spin 1: stores are numbers, and a missing key is an error. */
export const legacyKeyValue: HostInterface<HostState> = {
  name: "fermyon:spin/key-value",
  version: undefined,
  functions: {
    open: { call: open },
    get: onStore(get),
    set: onStore(async (state, ...args: readonly [OpenStore, string, Uint8Array]) => calls.set(state, ...args)),
    delete: onStore(async (state, store, key: string) => calls.delete(state, store, key)),
    exists: onStore(async (state, store, key: string) => calls.exists(state, store, key)),
    "get-keys": onStore(async (state, store) => calls.keys(state, store)),
    close: { call: close },
  },
  resources: {},
};

function open(state: HostState, name: string): Answer {
  const opened = openStore(state, name);
  return opened.tag === "ok" && opened.val !== undefined ? okOf(state.keep(Stores).add(opened.val)) : opened;
}

async function get(state: HostState, store: OpenStore, key: string): Promise<Answer> {
  const found = await calls.get(state, store, key);
  return found.tag === "ok" && found.val === undefined ? NO_SUCH_KEY : found;
}

function close(state: HostState, handle: number): undefined {
  const store = state.keep(Stores).remove(handle);
  if (store !== undefined) closeStore(store, state);
}

interface StoreFunction {
  call(state: HostState, store: OpenStore, ...args: readonly unknown[]): Promise<Answer>;
}

function onStore(call: StoreFunction["call"]): HostFunction<HostState> {
  return {
    async call(state, handle: number, ...args: readonly unknown[]) {
      const store = state.keep(Stores).get(handle);
      return store === undefined ? INVALID_STORE : call(state, store, ...args);
    },
    blocking: true,
  };
}
