import { atomics } from "./atomics.ts";
import { batch } from "./batch.ts";
import { store } from "./store.ts";

export const keyValueInterfaces = [store, atomics, batch] as const;
