/** The longest time of a timer of Node's, in milliseconds: 24 days. One with more ends at once. */
export const MAX_TIMER_MS = 0x7fff_ffff;
