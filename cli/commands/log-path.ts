export interface LogOptions {
  readonly isFollowed: boolean;
  /** Of the container before it was started again. */
  readonly isPrevious: boolean;
  readonly hasTimestamps: boolean;
  /** -1 for all. */
  readonly tailLines: number;
  /** 0 for all. */
  readonly sinceMs: number;
  /** Undefined: the application's. */
  readonly container: string | undefined;
}

interface LogPlace {
  readonly namespace: string;
  readonly name: string;
  /** Of the application. */
  readonly container: string | undefined;
}

/** @see {@link https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#http-request-4} */
export function logPath({ namespace, name, container }: LogPlace, options: LogOptions): string {
  const wanted = options.container ?? container;
  const query = new URLSearchParams();
  if (wanted !== undefined) query.set("container", wanted);
  if (options.isFollowed) query.set("follow", "true");
  if (options.isPrevious) query.set("previous", "true");
  if (options.hasTimestamps) query.set("timestamps", "true");
  if (options.tailLines >= 0) query.set("tailLines", String(options.tailLines));
  if (options.sinceMs > 0) query.set("sinceSeconds", String(Math.ceil(options.sinceMs / 1000)));
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
