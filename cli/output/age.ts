/** Seconds of each unit, the largest first. */
const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** How long ago a time was, in its largest unit, rounded down: `12s`, `5m`, `3h`, `40d`; "" for what is no time. */
export function ageOf(time: string | undefined, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time ?? "")) / 1000));
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ["s", 1];
  return Number.isNaN(seconds) ? "" : `${Math.floor(seconds / size)}${unit}`;
}
