import { NODE_KEY_PREFIX, RETRY_ANNOTATION } from "@rcm/crds";
import { parseRecord, type NodeRecord } from "./record.ts";

/** The part of a Node that decisions rest on; 5,000 of these stay in memory, so no more than that. */
export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The annotation by which somebody asks for another try. */
  readonly retry: string | undefined;
  /** What our annotations say, by their keys; undefined what cannot be understood. Parsed once, not in every pass. */
  readonly records: Readonly<Record<string, NodeRecord | undefined>>;
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
    readonly nodeInfo?: NodeInfo;
    readonly runtimeHandlers?: readonly { readonly name?: string }[];
  };
}

interface NodeInfo {
  readonly operatingSystem?: string;
  readonly architecture?: string;
  readonly machineID?: string;
  readonly bootID?: string;
  readonly osImage?: string;
  readonly kubeletVersion?: string;
  readonly containerRuntimeVersion?: string;
}

export function nodeView({ metadata, spec, status = {} }: NodeJson): NodeView {
  const { name, uid, labels = {}, annotations = {} } = metadata;
  return {
    name,
    uid,
    labels,
    retry: annotations[RETRY_ANNOTATION],
    records: recordsOf(annotations),
    taints: spec?.taints ?? [],
    ready: (status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True"),
    ...machineOf(status.nodeInfo),
    handlers: status.runtimeHandlers?.map((handler) => handler.name ?? ""),
  };
}

type Machine = "os" | "architecture" | "machineId" | "bootId" | "osImage" | "kubeletVersion" | "runtimeVersion";

/** Before the kubelet's first word there is nothing to know. */
function machineOf(info: NodeInfo = {}): Pick<NodeView, Machine> {
  const { operatingSystem: os = "", architecture = "", machineID: machineId = "", bootID: bootId = "" } = info;
  const { osImage = "", kubeletVersion = "", containerRuntimeVersion: runtimeVersion = "" } = info;
  return { os, architecture, machineId, bootId, osImage, kubeletVersion, runtimeVersion };
}

function recordsOf(annotations: Readonly<Record<string, string>>): NodeView["records"] {
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(NODE_KEY_PREFIX));
  return Object.fromEntries(ours.map(([key, text]) => [key, parseRecord(text)]));
}
