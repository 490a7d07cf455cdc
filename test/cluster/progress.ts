/** Told of each step when it is done, with the milliseconds that it took. */
export type Progress = (step: string, ms: number) => void;

/** Runs a step and tells of it when it ends well. */
export async function timed<Value>(progress: Progress, step: string, run: () => Promise<Value>): Promise<Value> {
  const start = performance.now();
  const value = await run();
  progress(step, performance.now() - start);
  return value;
}
