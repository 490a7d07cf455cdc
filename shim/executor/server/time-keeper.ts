import { setImmediate as nextTurn } from "node:timers/promises";
import type { MeterHost } from "../component/meter/meter.ts";
import type { HostState } from "../host/state.ts";

/**
 * Turns of loops and calls between two looks at the clock: less than a tenth of a millisecond for the quickest code, a
 * millisecond for an interpreter's, and half a second if each turn is as long and slow as can be.
 */
const FUEL = 1 << 16;
/** How long a guest computes before the others have their turn. */
const SLICE_MS = 5;

/** Shares the one thread among the guests that compute, and ends those whose time is up. */
export const timeKeeper: MeterHost<HostState> = {
  refuel(state, mayWait): number | Promise<number> {
    const now = performance.now();
    state.countComputed(now);
    if (!mayWait || state.sliceMs(now) < SLICE_MS) return FUEL;
    return takeTurn(state);
  },
};

async function takeTurn(state: HostState): Promise<number> {
  state.sendHeld();
  await nextTurn();
  state.resumed();
  return FUEL;
}
