export interface LogOptions {
  readonly isFollowed: boolean;
  /** Of the container before it was started again. */
  readonly isPrevious: boolean;
  readonly hasTimestamps: boolean;
  /** -1 for all. */
  readonly tailLines: number;
  /** 0 for all. */
  readonly sinceMs: number;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  /** Of each pod. */
  readonly limitBytes?: number | undefined;
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
  const query = new URLSearchParams([...(wanted === undefined ? [] : [["container", wanted]]), ...switchesOf(options)]);
  for (const [parameter, value] of limitsOf(options)) if (value !== undefined) query.set(parameter, String(value));
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function switchesOf({ isFollowed, isPrevious, hasTimestamps }: LogOptions): string[][] {
  const switches = [
    ["follow", isFollowed],
    ["previous", isPrevious],
    ["timestamps", hasTimestamps],
  ] as const;
  return switches.flatMap(([parameter, isOn]) => (isOn ? [[parameter, "true"]] : []));
}

type Limit = readonly [parameter: string, value: number | string | undefined];

function limitsOf({ tailLines, sinceMs, sinceTime, limitBytes }: LogOptions): readonly Limit[] {
  return [
    ["tailLines", tailLines < 0 ? undefined : tailLines],
    ["sinceSeconds", sinceMs > 0 ? Math.ceil(sinceMs / 1000) : undefined],
    ["sinceTime", sinceTime],
    ["limitBytes", limitBytes],
  ];
}
