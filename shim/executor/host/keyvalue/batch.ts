import type { HostInterface } from "../../component/host-interface.ts";
import { answer, otherFault } from "../answer.ts";
import type { Result } from "../results.ts";
import type { KeyValueEntry } from "../spin-services.ts";
import type { OpenStore } from "../spin/open-store.ts";
import { checkKey, checkMany, checkResult, checkValue } from "../spin/store-limits.ts";
import type { HostState } from "../state.ts";
import { VERSION } from "./store.ts";

export const batch: HostInterface<HostState> = {
  name: "wasi:keyvalue/batch",
  version: VERSION,
  functions: {
    "get-many": { call: getMany, blocking: true },
    "set-many": { call: setMany, blocking: true },
    "delete-many": { call: deleteMany, blocking: true },
  },
  resources: {},
};

async function getMany(
  state: HostState,
  { store }: OpenStore,
  keys: readonly string[],
): Promise<Result<unknown, unknown>> {
  return answer(
    state,
    async (signal) => {
      checkKeys(keys);
      const values = await store.getMany(keys, signal);
      checkResult(values.reduce((bytes, value) => bytes + (value?.length ?? 0), 0));
      return keys.map((key, index) => [key, values[index]]);
    },
    otherFault,
  );
}

async function setMany(
  state: HostState,
  { store }: OpenStore,
  entries: readonly KeyValueEntry[],
): Promise<Result<unknown, unknown>> {
  const kept = entries.map(([key, value]) => [key, value.slice()] as const); // They are views of the guest's memory.
  return answer(
    state,
    async (signal) => {
      checkKeys(kept.map(([key]) => key));
      for (const [key, value] of kept) checkValue(key, value);
      await store.setMany(kept, signal);
    },
    otherFault,
  );
}

async function deleteMany(
  state: HostState,
  { store }: OpenStore,
  keys: readonly string[],
): Promise<Result<unknown, unknown>> {
  return answer(
    state,
    async (signal) => {
      checkKeys(keys);
      await store.deleteMany(keys, signal);
    },
    otherFault,
  );
}

function checkKeys(keys: readonly string[]): void {
  checkMany(keys.length);
  for (const key of keys) checkKey(key);
}
