/** The error that a function throws, to be looked at; undefined if it throws none. */
export function caught(run: () => unknown): Error | undefined {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}
