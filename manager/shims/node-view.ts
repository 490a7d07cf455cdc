/** The part of a Node that decisions rest on; 5,000 of these stay in memory, so no more than that. */
export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Only those with our prefix. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly ready: boolean;
  readonly os: string;
  readonly architecture: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly osImage: string;
  readonly kubeletVersion: string;
  /** For example `containerd://1.7.24~ds1`. */
  readonly runtimeVersion: string;
  /** Handlers that containerd 2 reports through the kubelet; undefined where it says nothing. */
  readonly handlers: readonly string[] | undefined;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** The Node's JSON as the API server sends it, as far as `nodeView` reads it. */
export interface NodeJson {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly taints?: readonly Taint[] };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo?: {
      readonly operatingSystem?: string;
      readonly architecture?: string;
      readonly machineID?: string;
      readonly bootID?: string;
      readonly osImage?: string;
      readonly kubeletVersion?: string;
      readonly containerRuntimeVersion?: string;
    };
    readonly runtimeHandlers?: readonly { readonly name?: string }[];
  };
}

/** Label that every kubelet sets; the rest of the labels is kept too, because selectors may name any. */
const ANNOTATION_DOMAIN = "runtime.spinkube.dev/";

export function nodeView({ metadata, spec, status }: NodeJson): NodeView {
  const info = status?.nodeInfo;
  return {
    name: metadata.name,
    uid: metadata.uid,
    labels: metadata.labels ?? {},
    annotations: ourAnnotations(metadata.annotations ?? {}),
    taints: spec?.taints ?? [],
    ready: (status?.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True"),
    os: info?.operatingSystem ?? "",
    architecture: info?.architecture ?? "",
    machineId: info?.machineID ?? "",
    bootId: info?.bootID ?? "",
    osImage: info?.osImage ?? "",
    kubeletVersion: info?.kubeletVersion ?? "",
    runtimeVersion: info?.containerRuntimeVersion ?? "",
    handlers: status?.runtimeHandlers?.map(({ name }) => name ?? ""),
  };
}

function ourAnnotations(all: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => key.includes(ANNOTATION_DOMAIN)));
}
