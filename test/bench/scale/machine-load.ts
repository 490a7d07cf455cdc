import { cpus } from "node:os";

/** @returns what tells the share of all processors' time, 0 to 1, that has been used by anybody since this call. */
export function machineLoad(): () => number {
  const before = processorTimes();
  return () => {
    const now = processorTimes();
    return (now.busy - before.busy) / (now.all - before.all);
  };
}

function processorTimes(): { readonly busy: number; readonly all: number } {
  const times = cpus().flatMap(({ times: { idle, ...busy } }) => [{ idle, busy: sum(Object.values(busy)) }]);
  const busy = sum(times.map((time) => time.busy));
  return { busy, all: busy + sum(times.map(({ idle }) => idle)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
