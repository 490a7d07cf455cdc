/** How often what was measured was below: "p50 / p90" in milliseconds. */
export function spreadOf(milliseconds: readonly number[]): string {
  return `${percentile(milliseconds, 0.5).toFixed(1)} / ${percentile(milliseconds, 0.9).toFixed(1)} ms`;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Ours in proportion to runc's, by the medians. */
export function ratioOf(runc: readonly number[], ours: readonly number[]): string {
  return `${(percentile(ours, 0.5) / percentile(runc, 0.5)).toFixed(2)} x runc's`;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
