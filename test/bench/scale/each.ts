const PARALLEL = 32;

/** Does `work` for 0 to `count - 1`, 32 at a time. */
export async function each(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < count) {
      const at = next;
      next += 1;
      await work(at);
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
