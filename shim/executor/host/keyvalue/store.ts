import type { HostInterface } from "../../component/host-interface.ts";
import { otherFault } from "../answer.ts";
import { errOf, okOf } from "../results.ts";
import { type OpenStore, StoreCalls, closeStore, openStore } from "../spin/open-store.ts";
import type { HostState } from "../state.ts";

/** The only version that there are components for. */
export const VERSION = "0.2.0-draft2";

const calls = new StoreCalls(otherFault);

export const store: HostInterface<HostState> = {
  name: "wasi:keyvalue/store",
  version: VERSION,
  functions: {
    open: { call: open },
    "[method]bucket.get": {
      call: async (state, self: OpenStore, key: string) => calls.get(state, self, key),
      blocking: true,
    },
    "[method]bucket.set": {
      call: async (state, ...args: readonly [OpenStore, string, Uint8Array]) => calls.set(state, ...args),
      blocking: true,
    },
    "[method]bucket.delete": {
      call: async (state, self: OpenStore, key: string) => calls.delete(state, self, key),
      blocking: true,
    },
    "[method]bucket.exists": {
      call: async (state, self: OpenStore, key: string) => calls.exists(state, self, key),
      blocking: true,
    },
    "[method]bucket.list-keys": { call: listKeys, blocking: true },
  },
  resources: { bucket: { drop: closeStore } },
};

function open(state: HostState, identifier: string): object {
  const opened = openStore(state, identifier);
  if (opened.tag === "err" && opened.val?.tag === "store-table-full") {
    return errOf({ tag: "other", val: "too many stores opened" });
  }
  return opened;
}

/** All keys at once, as Spin gives them: there is never a cursor to go on from. */
async function listKeys(state: HostState, self: OpenStore, cursor: string | undefined): Promise<object> {
  if (cursor !== undefined) return errOf({ tag: "other", val: "list_keys: cursor not supported" });
  const keys = await calls.keys(state, self);
  return keys.tag === "ok" ? okOf({ keys: keys.val, cursor: undefined }) : keys;
}
