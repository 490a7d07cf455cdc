import type { HostInterface } from "../../component/host-interface.ts";
import { Pollable } from "../io/pollable.ts";
import type { HostState } from "../state.ts";
import { TimerWait } from "./timer-wait.ts";

interface DateTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** `process.hrtime` counts nanoseconds; the wall clock of Node has milliseconds. */
const MONOTONIC_RESOLUTION_NS = 1n;
const WALL_RESOLUTION: DateTime = { seconds: 0n, nanoseconds: 1_000_000 };
const UTC = { utcOffset: 0, name: "UTC", inDaylightSavingTime: false };

const monotonicClock: HostInterface<HostState> = {
  name: "wasi:clocks/monotonic-clock",
  version: "0.2.12",
  functions: {
    now: { call: () => process.hrtime.bigint() },
    resolution: { call: () => MONOTONIC_RESOLUTION_NS },
    "subscribe-instant": { call: (_state, when: bigint) => new Pollable(new TimerWait(when)) },
    "subscribe-duration": {
      call: (_state, duration: bigint) => new Pollable(new TimerWait(process.hrtime.bigint() + duration)),
    },
  },
  resources: {},
};

const wallClock: HostInterface<HostState> = {
  name: "wasi:clocks/wall-clock",
  version: "0.2.12",
  functions: {
    now: { call: () => dateTimeFromMs(Date.now()) },
    resolution: { call: () => WALL_RESOLUTION },
  },
  resources: {},
};

/** The pod's zone is UTC: a container has no other. */
const timezone: HostInterface<HostState> = {
  name: "wasi:clocks/timezone",
  version: "0.2.12",
  functions: {
    display: { call: () => UTC },
    "utc-offset": { call: () => 0 },
  },
  resources: {},
};

export const clockInterfaces = [monotonicClock, wallClock, timezone] as const;

function dateTimeFromMs(ms: number): DateTime {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanoseconds: (ms % 1000) * 1_000_000 };
}
