import type { HostInterface } from "../../component/host-interface.ts";
import { otherFault } from "../answer.ts";
import type { HostState } from "../state.ts";
import { type OpenStore, StoreCalls, closeStore, openStore } from "./open-store.ts";

const calls = new StoreCalls(otherFault);

export const keyValue: HostInterface<HostState> = {
  name: "fermyon:spin/key-value",
  version: "2.0.0",
  functions: {
    "[static]store.open": { call: openStore },
    "[method]store.get": {
      call: async (state, self: OpenStore, key: string) => calls.get(state, self, key),
      blocking: true,
    },
    "[method]store.set": {
      call: async (state, ...args: readonly [OpenStore, string, Uint8Array]) => calls.set(state, ...args),
      blocking: true,
    },
    "[method]store.delete": {
      call: async (state, self: OpenStore, key: string) => calls.delete(state, self, key),
      blocking: true,
    },
    "[method]store.exists": {
      call: async (state, self: OpenStore, key: string) => calls.exists(state, self, key),
      blocking: true,
    },
    "[method]store.get-keys": { call: async (state, self: OpenStore) => calls.keys(state, self), blocking: true },
  },
  resources: { store: { drop: closeStore } },
};
