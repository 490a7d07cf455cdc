export interface Failed<T> {
  readonly item: T;
  readonly error: unknown;
}

/** So many failures mean that something greater is wrong: the rest is not tried. */
const MAX_FAILURES = 5;

/** Runs `work` on every item, at most `limit` at a time. One item's failure does not keep the others from their turn. */
export async function tryEach<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<readonly Failed<T>[]> {
  const queue = items.values();
  const failed: Failed<T>[] = [];
  async function run(): Promise<void> {
    for (const item of queue) {
      if (failed.length < MAX_FAILURES) await work(item).catch((error: unknown) => failed.push({ item, error }));
      else failed.push({ item, error: new Error("Not tried after other failures") });
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  return failed;
}
