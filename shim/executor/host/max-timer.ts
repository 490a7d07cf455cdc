/**
 * The longest time of a timer of Node's, in milliseconds: some 24 days. One with more ends at once; who waits longer
 * asks again. */
export const MAX_TIMER_MS = 0x7fff_ffff;
