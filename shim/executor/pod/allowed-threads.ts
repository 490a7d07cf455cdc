/** Each has its own heap, and instances of its own. */
const BYTES_EACH = 128 * 1024 * 1024;
/** One pod is not the only one of its node. */
const MAX = 16;

export interface ThreadRoom {
  /** Processors that the program may run on. */
  readonly processors: number;
  /** Processors' worth of time that the container may use, if that is limited. */
  readonly cpus: number | undefined;
  /** Memory that the container may use, in bytes, if that is limited. */
  readonly memoryBytes: number | undefined;
}

/** How many threads may serve in a container. */
export function allowedThreads({ processors, cpus, memoryBytes }: ThreadRoom): number {
  const byTime = Math.ceil(cpus ?? processors);
  const byMemory = Math.floor((memoryBytes ?? Number.POSITIVE_INFINITY) / BYTES_EACH);
  return Math.max(1, Math.min(processors, byTime, byMemory, MAX));
}
