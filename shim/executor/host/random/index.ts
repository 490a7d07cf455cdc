import type { HostInterface } from "../../component/host-interface.ts";
import { HostError } from "../errors.ts";
import type { HostState } from "../state.ts";
import { randomBytes, randomU64 } from "./random-bytes.ts";

/** The most random bytes of one call. More is refused: it would stop every other guest for that time. */
const MAX_BYTES = 16 << 20;

const random: HostInterface<HostState> = {
  name: "wasi:random/random",
  version: "0.2.12",
  functions: {
    "get-random-bytes": { call: (_state, length: bigint) => checkedBytes(length) },
    "get-random-u64": { call: randomU64 },
  },
  resources: {},
};

/** The secure source is fast enough for those who would take less. */
const insecure: HostInterface<HostState> = {
  name: "wasi:random/insecure",
  version: "0.2.12",
  functions: {
    "get-insecure-random-bytes": { call: (_state, length: bigint) => checkedBytes(length) },
    "get-insecure-random-u64": { call: randomU64 },
  },
  resources: {},
};

const insecureSeed: HostInterface<HostState> = {
  name: "wasi:random/insecure-seed",
  version: "0.2.12",
  functions: {
    "insecure-seed": { call: () => [randomU64(), randomU64()] },
  },
  resources: {},
};

export const randomInterfaces = [random, insecure, insecureSeed] as const;

function checkedBytes(length: bigint): Uint8Array {
  if (length <= MAX_BYTES) return randomBytes(Number(length));
  throw new HostError("LIMIT", `Cannot make ${length} random bytes in one call: at most ${MAX_BYTES} are given`);
}
